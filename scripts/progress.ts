import cliProgress from "cli-progress";
import { sum, type PipelineStatus } from "../labs/run/pipeline.js";
import { formatNumber } from "../labs/view/report/summary.js";
import type { Source } from "../labs/source/source.js";
import { formatTime } from "../labs/shared/time.js";
import type { Options } from "./pipeline-options.js";

const PROGRESS_LINE_MS = 3_000;

/** How much of what is in the log has been processed, 0 to 1: on the real systems a tape is read long before. */
export function processedShare({ logged, offsets }: PipelineStatus): number {
  return logged === 0 ? 0 : Math.min(1, sum(offsets) / logged);
}

/**
 * How far a run is, in a line.
 *
 * @param rate events a second
 */
export function progressLine(
  status: PipelineStatus,
  rate: number,
  engine: Options["engine"],
): string {
  if (engine === "spark" && status.batchesNow === 0) {
    return `${formatNumber(status.logged)} events in the log · no batch yet: Spark takes some seconds to plan the first one`;
  }
  const processed = sum(status.offsets);
  const watermark = status.watermarkMs === null ? "none" : formatTime(status.watermarkMs);
  const whole = status.logged > processed ? ` of ${formatNumber(status.logged)}` : "";
  return `${formatNumber(processed)}${whole} events · ${formatNumber(Math.round(rate))}/s · watermark ${watermark}`;
}

/** Shows how far a run is: a bar on a terminal, else a line every few seconds. Everything goes to stderr. */
export function progressDisplay(
  source: Source,
  forMs: number | undefined,
  engine: Options["engine"],
) {
  const beginMs = performance.now();
  /** How many records were processed before this run. */
  let before: number | undefined;
  const line = (status: PipelineStatus) => {
    const processed = sum(status.offsets);
    before ??= Math.min(processed, status.logged - status.appended);
    const rate = (processed - before) / ((performance.now() - beginMs) / 1_000);
    return progressLine(status, rate, engine);
  };
  const fraction = (status: PipelineStatus) => {
    const elapsed = forMs === undefined ? 0 : (performance.now() - beginMs) / forMs;
    return Math.min(1, Math.max(elapsed, (source.fractionRead() ?? 0) * processedShare(status)));
  };
  if (!process.stderr.isTTY) {
    let nextMs = beginMs + PROGRESS_LINE_MS;
    return {
      update(status: PipelineStatus) {
        if (performance.now() < nextMs) return;
        nextMs = performance.now() + PROGRESS_LINE_MS;
        console.error(line(status));
      },
      notice: (text: string) => console.error(text),
      stop() {},
    };
  }
  const bounded = source.finite || forMs !== undefined;
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
    notice(text: string) {
      process.stderr.write(`\r\x1b[K${text}\n`);
    },
    stop: () => bar.stop(),
  };
}
