// Where all values are the same, the score is not a number.

export function robustScores(values: readonly number[], window: number): number[] {
  return values.slice(window).map((value, index) => {
    const before = values.slice(index, index + window);
    const center = median(before);
    const deviation = 1.4826 * median(before.map((each) => Math.abs(each - center)));
    return (value - center) / deviation;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
