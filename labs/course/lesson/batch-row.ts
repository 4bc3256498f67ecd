import type { SparkProgress } from "../../spark/streaming-query.js";

/** A micro-batch as a table row: the most useful fields of Spark's `StreamingQueryProgress`. Times are UTC. */
export function batchRow({ batchId, sources, eventTime, stateOperators }: SparkProgress) {
  const [state] = stateOperators;
  const clock = (time: string | undefined) => time?.slice(11, 19) ?? "";
  return {
    batch: batchId,
    "rows read": sources[0]?.numInputRows ?? 0,
    "largest event time": clock(eventTime?.max),
    watermark: clock(eventTime?.watermark),
    emitted: state?.numRowsRemoved ?? 0,
    dropped: state?.numRowsDroppedByWatermark ?? 0,
    "state rows": state?.numRowsTotal ?? 0,
  };
}
