import { InvalidArgumentError } from "commander";
import { MAX_DURATION, formatDuration, parseDurationMs } from "./time.js";

// Command-line options as data: each source declares its options, and the command adds them to its own.

export interface OptionSpec {
  /** The flag and its value, for example `--speed <x>`. */
  flags: string;
  help: string;
  /** Parses the value. @throws InvalidArgumentError saying what was expected */
  parse?: (text: string) => unknown;
  default?: unknown;
  /** The default as the user would type it. */
  shownDefault?: string;
}

/** The name of an option without its dashes. */
export const optionName = ({ flags }: OptionSpec): string => /--([a-z-]+)/.exec(flags)![1]!;

/** A duration, at least 0. @returns milliseconds */
export function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      `Expected a duration of at most ${MAX_DURATION} (100 years): 500ms, 60s, 1m or 1h.`,
    );
  }
  return ms;
}

/** A duration of at least a millisecond. @returns milliseconds */
export function positiveDuration(text: string): number {
  const ms = duration(text);
  if (ms < 1 || !Number.isInteger(ms)) {
    throw new InvalidArgumentError("Expected a whole number of milliseconds, at least 1ms.");
  }
  return ms;
}

export const durationOption = (
  flags: string,
  help: string,
  parse: (text: string) => number,
  defaultMs: number,
): OptionSpec => ({
  flags,
  help,
  parse,
  default: defaultMs,
  shownDefault: formatDuration(defaultMs),
});

export const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };

export const numberFrom =
  (min: number, exclusive: boolean) =>
  (text: string): number => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value) || value < min || (exclusive && value === min)) {
      throw new InvalidArgumentError(`Expected a number ${exclusive ? "above" : "from"} ${min}.`);
    }
    return value;
  };

/** Parses names separated by commas, without duplicates. */
export function nameList(text: string): string[] {
  const list = [...new Set(text.split(",").map((name) => name.trim()))];
  if (list.includes("")) throw new InvalidArgumentError("Expected names separated by commas: a,b.");
  return list;
}
