// It begins with a window that is not full.

export function robustScores(values: readonly number[], window: number): number[] {
  return values.slice(window - 1).map((value, index) => {
    const before = values.slice(Math.max(0, index - 1), index + window - 1);
    const center = median(before);
    const deviation = 1.4826 * median(before.map((each) => Math.abs(each - center)));
    return value === center ? 0 : (value - center) / deviation;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
