import { LabError } from "../shared/errors.js";
import type { EventLog } from "./log.js";

/**
 * Checks that the log still reaches every offset already read. A log that was deleted, truncated or recreated would reuse
 * these offsets for records that are then never read.
 *
 * @param from for each partition, the offset to read next
 * @param to for each partition, an offset that the log is known to have reached
 * @returns the log's end offsets
 * @throws LabError naming the missing offsets
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

/** Checks at the start of a run that the log still has the next offset to read: retention may have deleted it. */
export async function refuseLostBeginning(log: EventLog, from: readonly number[]): Promise<void> {
  const starts = await log.startOffsets();
  const missing = starts.flatMap((start, partition) => {
    const next = from[partition] ?? 0;
    return start > next
      ? [`partition ${partition} begins at offset ${start}, but the next offset to read is ${next}`]
      : [];
  });
  if (missing.length > 0) throw lost(log, missing);
}

const lost = (log: EventLog, missing: readonly string[]) =>
  new LabError(
    `${log.location} has lost records that the checkpoint needs: ${missing.join("; ")}. Restore it, start over with --fresh, or choose another --out`,
  );
