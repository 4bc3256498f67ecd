import { LabError } from "../shared/errors.js";
import type { EventLog } from "./log.js";

/**
 * Checks that the log still reaches every offset already read. A log that was deleted, truncated or recreated would
 * reuse offsets that count as read.
 *
 * @param from for each partition the offset to read next
 * @param to for each partition an offset that the log is known to have reached
 * @returns the log's end offsets
 * @throws LabError that says which offsets are missing
 */
export async function refuseLost(
  log: EventLog,
  from: readonly number[],
  to: readonly number[] = from,
): Promise<number[]> {
  const ends = await log.endOffsets({ atLeast: to });
  const missing = to.flatMap((reached, partition) => {
    const end = ends[partition] ?? 0;
    return end < reached ? [`partition ${partition} ends at offset ${end}, not ${reached}`] : [];
  });
  if (missing.length > 0) throw lost(log, missing);
  return ends;
}

/** As `refuseLost`, for the start of a run: the log may also have lost its beginning, to retention for example. */
export async function refuseLostBeginning(log: EventLog, from: readonly number[]): Promise<void> {
  const starts = await log.startOffsets();
  const missing = starts.flatMap((start, partition) => {
    const next = from[partition] ?? 0;
    return start > next
      ? [`partition ${partition} begins at offset ${start}, and ${next} is to be read next`]
      : [];
  });
  if (missing.length > 0) throw lost(log, missing);
}

const lost = (log: EventLog, missing: readonly string[]) =>
  new LabError(
    `${log.location} has lost records that the checkpoint counts on: ${missing.join("; ")}. Restore it, start over with --fresh, or choose another --out`,
  );
