import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MarketLog } from "./market-log.js";
import type { BenchStack } from "./stack.js";

/** Something that is measured: one file in this folder. */
export interface Benchmark {
  /** As the command line names it. */
  name: string;
  help: string;
  measure(bench: Bench): Promise<Row[]>;
}

/** A line of the table. */
export interface Row {
  what: string;
  value: string;
  /** To a baseline of the same run. */
  ratio?: string;
  /** What the figure should be, and whether it is. */
  aim?: string;
  /** Where the time of the main thread went; profiled in a run of its own. */
  where?: string;
}

/** Compares a figure, the smaller the better, with its aim. */
export function compareWithAim(figure: number, atMost: number, unit = ""): string {
  return `≤ ${atMost}${unit}: ${missed(figure / atMost)}`;
}

/** Compares a figure, the larger the better, with its aim. */
export function compareWithMinimum(figure: number, atLeast: number, unit = ""): string {
  return `≥ ${atLeast}${unit}: ${missed(atLeast / figure)}`;
}

const missed = (ratio: number) =>
  ratio <= 1 ? "met" : `missed by ${Math.round((ratio - 1) * 100)} %`;

/** What the benchmarks of one command share. */
export interface Bench {
  /** The project's root. */
  root: string;
  /** The number of events for the timings in memory. */
  events: number;
  /** The numbers of events of the whole runs. */
  sizes: readonly number[];
  /** Made once; so is the stack. */
  marketLog(): Promise<MarketLog>;
  stack(): BenchStack;
}

export const say = (text: string) => console.error(text);

const ROUNDS = 5;

/** Runs functions in turn for several rounds, so that a noisy moment affects all of them. @returns the median of each, milliseconds */
export async function compare<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(works) as Name[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) times.get(name)!.push(await timed(works[name]));
  }
  const medians = names.map((name) => [name, median(times.get(name)!)]);
  return Object.fromEntries(medians) as Record<Name, number>;
}

/** How long a function takes, milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

/** The value that a share of the values does not exceed; NaN if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
}

const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Calls a function with a temporary folder, which is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  return work(folder).finally(() => rm(folder, { recursive: true, force: true }));
}

export const inSeconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
export const inThousands = (value: number) => Math.round(value).toLocaleString("en-US");
/** How many times as fast as the baseline. */
export const asFast = (baselineMs: number, ms: number, digits = 2) =>
  `${(baselineMs / ms).toFixed(digits)} × as fast`;
