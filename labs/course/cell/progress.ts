import { escapeHtml } from "../../shared/html.js";
import { REDRAW_MS, display, newDisplayId } from "./kernel.js";

/** Reports progress: the fraction done, from 0 to 1 (undefined if unknown), and the current step. */
export type ReportProgress = (fraction: number | undefined, step?: string) => void;

/**
 * Runs a function that takes a while. Shows a progress bar, then leaves a one-line result.
 *
 * @returns what the function returns
 * @throws what the function throws
 */
export async function progress<T>(
  label: string,
  run: (report: ReportProgress) => Promise<T>,
): Promise<T> {
  const id = newDisplayId();
  let drawnMs = -Infinity;
  function report(fraction: number | undefined, step = ""): void {
    if (performance.now() - drawnMs < REDRAW_MS) return;
    drawnMs = performance.now();
    const value = fraction === undefined ? "" : ` value="${Math.min(1, fraction)}"`;
    const percent = fraction === undefined ? "" : ` ${Math.floor(Math.min(1, fraction) * 100)} %`;
    const text = `${label}${percent}${step === "" ? "" : ` · ${step}`}`;
    display(
      { "text/html": `<progress${value}></progress> ${escapeHtml(text)}`, "text/plain": text },
      id,
    );
  }
  report(undefined);
  const end = (word: string) => {
    const text = `${label}: ${word}`;
    display({ "text/html": escapeHtml(text), "text/plain": text }, id);
  };
  try {
    const result = await run(report);
    end("done");
    return result;
  } catch (error) {
    end("failed");
    throw error;
  }
}
