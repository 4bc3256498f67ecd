import { UsageError } from "../../shared/errors.js";
import type { CheckOptions } from "../checker/check.js";
import { SOLUTIONS, STUBS } from "../checker/places.js";
import type { Terminal } from "../checker/terminal.js";

export const CAPSTONE = "capstone";
export const MAX_SEED = 2 ** 31 - 1;

/** The options of `npm run check -- capstone`. */
export interface CapstoneOptions {
  /** Only serve the feed. */
  feed?: boolean;
  /** The folder of the programs; the learner's by default. */
  programs?: string;
  /** The seed of the feed; a random one by default. */
  seed?: number;
}

/** The options of the checker that are only for exercises. */
const EXERCISE_OPTIONS = [
  "watch",
  "track",
  "hint",
  "reset",
  "solution",
  "discuss",
  "class",
  "json",
] as const;
const CAPSTONE_OPTIONS = ["feed", "programs", "seed"] as const;

/**
 * Runs a command of the checker if it is one about the capstone.
 *
 * @returns whether the capstone passes; undefined if the command is about something else
 * @throws UsageError if the options do not fit the capstone, or do not fit without it
 */
export async function runCapstoneCommand(
  root: string,
  options: CapstoneOptions & CheckOptions,
  terminal: Terminal,
): Promise<boolean | undefined> {
  const other = EXERCISE_OPTIONS.find((name) => options[name] !== undefined);
  const isNamed = options.exercise === CAPSTONE;
  if (other !== undefined && (isNamed || options[other] === CAPSTONE)) {
    throw new UsageError(
      `--${other} is only for exercises: the capstone is described in ${STUBS}/${CAPSTONE}/README.md, and its reference solution is ${SOLUTIONS}/${CAPSTONE}/`,
      false,
    );
  }
  if (!isNamed) {
    const own = CAPSTONE_OPTIONS.find((name) => options[name] !== undefined);
    if (own === undefined) return undefined;
    throw new UsageError(`--${own} is only for the capstone: npm run check -- capstone --${own}`);
  }
  // On demand: it would slow down every other check.
  const { checkCapstone, serveFeed } = await import("./check.js");
  if (options.feed !== true) return checkCapstone(root, options, terminal);
  await serveFeed(root, options, terminal);
  return true;
}
