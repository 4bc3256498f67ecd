import { inspect } from "node:util";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { wrapped } from "../../labs/course/checker/verdict.js";
import { sleep } from "../../labs/shared/wait.js";

// What a check is: a sentence, and a run that finds a case which the learner's module gets wrong. Nothing here knows
// how an answer is written, only what it answers.

/** Functions of an exercise, by name. */
type Module = object;
type Called<M, K extends keyof M> = M[K] extends (...args: infer A) => infer R
  ? { args: A; result: Awaited<R> }
  : never;

export interface Check<M> {
  /** What must be so: a sentence. */
  name: string;
  /**
   * @param path the module's file, for checks that run it in a process of its own
   * @throws WrongAnswer with the case that shows it; whatever the module throws by itself is in it
   */
  run(subject: M, path: string): Promise<void>;
}

/** The input that an answer gets wrong; its message is for the learner. */
export class WrongAnswer extends Error {
  override name = "WrongAnswer";
}

export const shown = (value: unknown) =>
  inspect(value, { depth: 6, breakLength: 66, maxArrayLength: 24, maxStringLength: 400 });

/** What stands beside the 13 characters of a label, in a terminal of 80 columns. */
const WIDTH = 66;
/** Lines are broken after a space or a comma, if there is one. */
const LINE = new RegExp(`.{1,${WIDTH}}$|.{1,${WIDTH - 1}}[ ,]|.{1,${WIDTH}}`, "gu");
const indented = (text: string) =>
  text
    .split("\n")
    .flatMap((line) => line.match(LINE) ?? [""])
    .map((line) => line.trimEnd())
    .join("\n             ");

/** The message of a wrong answer. */
export function wrong(input: string, expected: string, found: string, idea: string): WrongAnswer {
  return new WrongAnswer(
    [
      `  input:     ${indented(input)}`,
      `  expected:  ${indented(expected)}`,
      `  yours:     ${indented(found)}`,
      wrapped(idea),
    ].join("\n"),
  );
}

/** Waits for a call of an answer. @throws WrongAnswer if it takes too long; what the call throws */
export async function settled<T>(
  input: string,
  calling: Promise<T>,
  limitMs: number,
  idea: string,
): Promise<T> {
  const isOver = new AbortController();
  const tooLate = sleep(limitMs, isOver.signal).then(() => {
    throw wrong(input, "resolved", `not resolved after ${limitMs / 1_000} s`, idea);
  });
  return Promise.race([calling, tooLate]).finally(() => isOver.abort());
}

const call = (name: string, args: readonly unknown[]) => `${name}(${args.map(shown).join(", ")})`;

/** Equal in every part; numbers may differ by a part of their size, and 0 is −0. */
export function isClose(one: unknown, other: unknown, tolerance = 0): boolean {
  if (typeof one === "number" && typeof other === "number") {
    if (one === other || (Number.isNaN(one) && Number.isNaN(other))) return true;
    // Infinity is within a part of Infinity of everything.
    if (!Number.isFinite(one) || !Number.isFinite(other)) return false;
    return Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(one), Math.abs(other));
  }
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return one === other;
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  if (names.length !== others.length) return false;
  return names.every(
    (name) =>
      name in other &&
      isClose(
        (one as Record<string, unknown>)[name],
        (other as Record<string, unknown>)[name],
        tolerance,
      ),
  );
}

/** A copy of plain data; functions and the like stay themselves. */
function copied<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copied) as T;
  if (
    typeof value !== "object" ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  ) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copied(each)])) as T;
}

type Outcome = { value: unknown } | { error: unknown };

async function outcomeOf(work: () => unknown): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

function outcomeText(outcome: Outcome): string {
  if ("value" in outcome) return shown(outcome.value);
  const { error } = outcome;
  if (error instanceof Error && /^process\.exit unexpectedly/.test(error.message)) {
    return "ended the process by process.exit";
  }
  return `threw ${error instanceof Error ? `${error.name}: ${error.message}` : shown(error)}`;
}

/** Where the checker reads which call was made last, if it never returns. */
const CALL_FILE = process.env["LAB_CALL_FILE"];

function noteCall(text: string): void {
  if (CALL_FILE !== undefined) writeFileSync(CALL_FILE, indented(text));
}

/** No call has been made yet: a check is about to begin. */
export const forgetCall = (): void => {
  if (CALL_FILE !== undefined) writeFileSync(CALL_FILE, "");
};

const isNotDone = (outcome: Outcome) =>
  "error" in outcome && outcome.error instanceof Error && outcome.error.name === "NotDone";

/**
 * Makes a call of an answer, and compares its result.
 *
 * @throws WrongAnswer if it is not the expected one; the error of an exercise that is not done yet
 */
export async function expectResult(
  input: string,
  calling: () => unknown,
  expected: unknown,
  idea: string,
  tolerance = 0,
): Promise<void> {
  noteCall(input);
  const outcome = await outcomeOf(calling);
  if (isNotDone(outcome)) throw (outcome as { error: unknown }).error;
  if (!("value" in outcome) || !isClose(outcome.value, expected, tolerance)) {
    throw wrong(input, shown(expected), outcomeText(outcome), idea);
  }
}

/** Calls a function of the module with copies, and looks at what it answers and at whether it left its input alone. */
async function ask(
  subject: Module,
  name: string,
  args: readonly unknown[],
  expected: unknown,
  idea: string,
  tolerance: number,
): Promise<void> {
  const answer = (subject as Record<string, unknown>)[name];
  if (typeof answer !== "function") {
    throw wrong(
      name,
      "a function of this name, exported",
      shown(answer),
      "Keep the name and the word export of the stub.",
    );
  }
  const given = copied(args);
  const calling = () => (answer as (...all: unknown[]) => unknown)(...given);
  await expectResult(call(name, args), calling, expected, idea, tolerance);
  if (!isClose(given, args)) {
    throw wrong(
      call(name, args),
      "the input as it was",
      `the input is now ${call(name, given)}`,
      "Do not change what you are given: others still use it.",
    );
  }
}

const REMEMBERS =
  "This call alone is answered correctly; it is wrong after other calls. Does your code keep something between calls, in a variable outside of the function?";

let loads = 0;
/** Whether the answer, freshly loaded, passes. */
async function isRightAlone(path: string, run: (fresh: Module) => Promise<void>): Promise<boolean> {
  const fresh = (await import(`${pathToFileURL(path).href}?fresh=${loads++}`)) as Module;
  return run(fresh).then(
    () => true,
    () => false,
  );
}

interface Options {
  /** How far numbers may be off, as a part of their size. */
  tolerance?: number;
}

/** Runs a property with many inputs. @throws what it throws for the smallest input that it rejects */
export async function forAll<T>(
  inputs: fc.Arbitrary<T>,
  property: (input: T) => Promise<void>,
  numRuns = 400,
): Promise<void> {
  const found = await fc.check(fc.asyncProperty(inputs, property), { seed: 42, numRuns });
  if (found.failed) throw found.errorInstance;
}

/** The exercise's checks by examples and against its solution. */
export function checksOf<M extends Module>(solution: M) {
  return {
    /** One case, spelled out. */
    example<K extends keyof M & string>(
      name: string,
      fn: K,
      args: Called<M, K>["args"],
      expected: Called<M, K>["result"],
      idea: string,
      { tolerance = 0 }: Options = {},
    ): Check<M> {
      return {
        name,
        run: (subject) => ask(subject, fn, args as unknown[], expected, idea, tolerance),
      };
    },

    /** Many cases, seeded; the smallest that fails is shown. What is right, the solution says. */
    agrees<K extends keyof M & string>(
      name: string,
      fn: K,
      args: fc.Arbitrary<Called<M, K>["args"]>,
      idea: string,
      { tolerance = 0 }: Options = {},
    ): Check<M> {
      return {
        name,
        run: async (subject, path) => {
          const right = solution[fn] as (...all: unknown[]) => unknown;
          const askOf = async (module: Module, input: unknown[]) =>
            ask(module, fn, input, await right(...copied(input)), idea, tolerance);
          const property = fc.asyncProperty(args as fc.Arbitrary<unknown[]>, (input) =>
            askOf(subject, input),
          );
          const found = await fc.check(property, { seed: 42, numRuns: 1_000 });
          if (!found.failed) return;
          const [input] = found.counterexample!;
          if (await isRightAlone(path, (fresh) => askOf(fresh, input))) {
            const error = found.errorInstance as Error;
            error.message += `\n${wrapped(REMEMBERS)}`;
            throw error;
          }
          throw found.errorInstance;
        },
      };
    },

    /** A check that needs more than a call; `run` throws `wrong(…)`. */
    scenario: (name: string, run: Check<M>["run"]): Check<M> => ({ name, run }),
  };
}
