import cliProgress from "cli-progress";
import type { PipelineStatus } from "../labs/pipeline.js";
import { formatNumber } from "../labs/report/summary.js";
import type { Source } from "../labs/source/source.js";
import { formatTime } from "../labs/time.js";

const PROGRESS_LINE_MS = 3_000;

/** Shows how far a run is: a bar on a terminal, else a line every few seconds. Everything goes to stderr. */
export function progressDisplay(source: Source, forMs: number | undefined) {
  const beginMs = performance.now();
  let beginEvents: number | undefined;
  const line = (status: PipelineStatus) => {
    const { events, rejected } = status.totals;
    beginEvents ??= 0;
    const rate = status.appended / ((performance.now() - beginMs) / 1_000);
    const watermark = Number.isFinite(status.watermarkMs) ? formatTime(status.watermarkMs) : "none";
    return `${formatNumber(events + rejected)} events · ${formatNumber(Math.round(rate))}/s · watermark ${watermark}`;
  };
  const fraction = () => {
    const elapsed = forMs === undefined ? 0 : (performance.now() - beginMs) / forMs;
    return Math.min(1, Math.max(elapsed, source.fractionRead() ?? 0));
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
      bar.update(Math.floor(fraction() * 100), { line: line(status) }),
    notice(text: string) {
      process.stderr.write(`\r\x1b[K${text}\n`);
    },
    stop: () => bar.stop(),
  };
}
