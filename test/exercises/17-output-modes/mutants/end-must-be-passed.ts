// An end that the watermark reaches is final.

export interface WindowCount {
  endMs: number;
  count: number;
}

export function rowsToWrite(
  mode: "append" | "update" | "complete",
  before: readonly WindowCount[],
  after: readonly WindowCount[],
  previousWatermarkMs: number,
  watermarkMs: number,
): WindowCount[] {
  const counts = new Map(before.map(({ endMs, count }) => [endMs, count]));
  return after.filter(({ endMs, count }) => {
    if (mode === "append") return previousWatermarkMs <= endMs && endMs < watermarkMs;
    return mode === "complete" || counts.get(endMs) !== count;
  });
}
