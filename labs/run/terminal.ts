import cliProgress from "cli-progress";
import { sum } from "./pipeline.js";
import type { PipelineStatus } from "../view/status.js";
import { formatNumber } from "../view/format.js";
import { printable } from "../shared/printable.js";
import type { Notify } from "../shared/notify.js";
import type { Source } from "../source/source.js";
import { formatTime } from "../shared/time.js";
import type { Options } from "./options.js";

const PROGRESS_LINE_MS = 3_000;

/** The fraction of the log that has been processed, 0 to 1. On Kafka a tape is in the log long before it is processed. */
export function processedShare({ logged, offsets }: PipelineStatus): number {
  return logged === 0 ? 0 : Math.min(1, sum(offsets) / logged);
}

/**
 * The progress of a run in one line.
 *
 * @param rate events per second
 */
export function progressLine(
  status: PipelineStatus,
  rate: number,
  engine: Options["engine"],
): string {
  if (engine === "spark" && status.batchesNow === 0) {
    return `${formatNumber(status.logged)} events in the log · no batch yet: Spark takes a few seconds to plan the first one`;
  }
  const processed = sum(status.offsets);
  const watermark = status.watermarkMs === null ? "none" : formatTime(status.watermarkMs);
  const whole = status.logged > processed ? ` of ${formatNumber(status.logged)}` : "";
  return `${formatNumber(processed)}${whole} events · ${formatNumber(Math.round(rate))}/s · watermark ${watermark}`;
}

/** The output of a run to the terminal, on stderr. */
export interface Terminal {
  /** Prints a notice above the progress. */
  notify: Notify;
  /** Starts to show progress: a bar on a terminal, otherwise a line every few seconds. */
  showProgress(source: Source, durationMs: number | undefined, engine: Options["engine"]): void;
  update(status: PipelineStatus): void;
  endProgress(): void;
}

export function openTerminal(): Terminal {
  let display: ReturnType<typeof openDisplay> | undefined;
  return {
    // A notice may contain text from outside: an error of a feed, the name of an asset.
    notify(notice) {
      const text = printable(notice);
      if (display === undefined) console.error(text);
      else display.notify(text);
    },
    showProgress(source, durationMs, engine) {
      display = openDisplay(source, durationMs, engine);
    },
    update: (status) => display?.update(status),
    endProgress() {
      display?.stop();
      display = undefined;
    },
  };
}

function openDisplay(source: Source, durationMs: number | undefined, engine: Options["engine"]) {
  const startedMs = performance.now();
  /** How many records were processed before this run. */
  let before: number | undefined;
  const line = (status: PipelineStatus) => {
    const processed = sum(status.offsets);
    before ??= Math.min(processed, status.logged - status.appended);
    const rate = (processed - before) / ((performance.now() - startedMs) / 1_000);
    return progressLine(status, rate, engine);
  };
  const fraction = (status: PipelineStatus) => {
    const elapsed = durationMs === undefined ? 0 : (performance.now() - startedMs) / durationMs;
    return Math.min(1, Math.max(elapsed, (source.fractionRead() ?? 0) * processedShare(status)));
  };
  if (!process.stderr.isTTY) {
    let nextMs = startedMs + PROGRESS_LINE_MS;
    return {
      update(status: PipelineStatus) {
        if (performance.now() < nextMs) return;
        nextMs = performance.now() + PROGRESS_LINE_MS;
        console.error(line(status));
      },
      notify: (text: string) => console.error(text),
      stop() {},
    };
  }
  const bounded = source.finite || durationMs !== undefined;
  const bar = new cliProgress.SingleBar({
    format: bounded ? "{bar} {percentage} % · {line}" : "{line}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    fps: 8,
  });
  bar.start(100, 0, { line: `reading ${source.name} …` });
  return {
    update: (status: PipelineStatus) =>
      bar.update(Math.floor(fraction(status) * 100), { line: line(status) }),
    notify(text: string) {
      process.stderr.write(`\r\x1b[K${text}\n`);
    },
    stop: () => bar.stop(),
  };
}
