const NUMBERS = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 7 });

/** Formats a number with thousands separators and seven significant digits. */
export const formatNumber = (value: number): string => NUMBERS.format(value);

/** A change in percent with its sign. */
export function formatPercent(percent: number): string {
  return `${percent > 0 ? "+" : ""}${percent.toFixed(3)} %`;
}

export const formatTotal = (total: number | null): string =>
  total === null ? "not counted" : formatNumber(total);
