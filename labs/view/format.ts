const NUMBERS = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 7 });

/** A number for people: thousands separated, seven digits. */
export const formatNumber = (value: number): string => NUMBERS.format(value);

/** A change in percent with its sign. */
export function formatPercent(percent: number): string {
  return `${percent > 0 ? "+" : ""}${percent.toFixed(3)} %`;
}

/** A total for people; null if it is not counted. */
export const formatTotal = (total: number | null): string =>
  total === null ? "not counted" : formatNumber(total);
