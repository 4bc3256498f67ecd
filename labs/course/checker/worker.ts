import { inspect, stripVTControlCharacters } from "node:util";
import { createVitest, type TestCase } from "vitest/node";
import { CHECKS, solutionPath, stubPath } from "./places.js";
import type { CheckReport, CheckRequest, CheckResult } from "./runner.js";
import { typeChecker } from "./types.js";
import { errorMessage } from "../../shared/errors.js";

// The process that checks exercises. runner.ts starts it in the project's root, sends it requests and receives reports. It keeps
// Vitest and the compiler warm.

const ROOT = process.cwd();
const TEST = `${CHECKS}/exercises.test.ts`;
const types = typeChecker(ROOT);
const report = (message: CheckReport) => process.send!(message);
const starting = createVitest(
  "test",
  {
    root: ROOT,
    config: false,
    watch: false,
    include: [TEST],
    reporters: [
      {
        onUserConsoleLog: ({ content }) =>
          void report({ printed: stripVTControlCharacters(content) }),
      },
    ],
    fileParallelism: false,
    testTimeout: 120_000, // runner.ts sets its own limit
  },
  { server: { watch: null } },
);

/** What Vitest says when the process that runs an answer has ended. */
const ENDED = /\[vitest-pool(-runner)?\]|Worker exited unexpectedly/;

/** The compile errors of an answer, the first one in full; undefined if there are none. */
function typeResult(path: string): CheckResult | undefined {
  const errors = types.errorsIn(path);
  const [first] = errors;
  if (first === undefined) return undefined;
  const more = errors.length > 1 ? `\n  … and ${errors.length - 1} more` : "";
  const message = `line ${first.line}, column ${first.column}: ${first.kind} error\n  ${first.message.replaceAll("\n", "\n  ")}${more}`;
  return { status: "error", message, passed: 0, checks: 0 };
}

/** How the type of a function differs from the exercise's; undefined if it does not. */
function signatureResult(name: string): CheckResult | undefined {
  const [first] = types.signatureErrors(stubPath(ROOT, name), solutionPath(ROOT, name));
  if (first === undefined) return undefined;
  const reason = first.message.replaceAll("\n", "\n  ");
  const message = `${first.name} must keep the type that the exercise gives it\n  ${reason}`;
  return { status: "error", message, passed: 0, checks: 0 };
}

/** @returns undefined for an answer that was only compiled, without an error */
async function check({ name, compileOnly }: CheckRequest): Promise<CheckResult | undefined> {
  const typeError = typeResult(stubPath(ROOT, name)) ?? signatureResult(name);
  if (typeError !== undefined || compileOnly) return typeError;
  const vitest = await starting;
  vitest.invalidateFile(stubPath(ROOT, name));
  vitest.provide("exercise" as never, name as never); // the test declares its type
  const specifications = await vitest.globTestSpecifications([TEST]);
  const result = await vitest.runTestSpecifications(specifications);
  // The result contains all files that this process has run so far.
  const files = new Set(specifications.map(({ moduleId }) => moduleId));
  const testModules = result.testModules.filter(({ moduleId }) => files.has(moduleId));
  const { unhandledErrors } = result;
  const tests = testModules.flatMap((each) => [...each.children.allTests()]);
  const counts = {
    passed: tests.filter((each) => each.result().state === "passed").length,
    checks: tests.length,
  };
  const failed = tests.find((each) => each.result().state === "failed");
  if (failed !== undefined) return { ...failure(failed), ...counts };
  const [unhandled] = unhandledErrors;
  const [failedToRun] = testModules.flatMap((each) => each.errors());
  const hasEnded = ENDED.test(errorMessage(failedToRun ?? unhandled));
  if (failedToRun === undefined && unhandled !== undefined && !hasEnded) {
    const message = `your code left an error that nobody handles: is an await missing?\n  ${textOf(unhandled)}`;
    return { status: "error", message, ...counts };
  }
  const broken = failedToRun ?? unhandled;
  if (broken !== undefined || tests.length === 0) {
    const message = hasEnded
      ? "your code ended the process that runs it"
      : `it cannot be run: ${errorMessage(broken)}`;
    return { status: "error", message, ...counts };
  }
  return { status: "passed", message: "", ...counts };
}

/** An error, or whatever was thrown in place of one, without what Vitest adds to it. */
function textOf(thrown: unknown): string {
  const { name, message, ...others } = thrown as Record<string, unknown>;
  if (typeof message === "string") return `${String(name)}: ${message}`;
  const own = Object.entries(others).filter(([key]) => !/^VITEST|^(type|stacks?)$/.test(key));
  return inspect(Object.fromEntries(own));
}

function failure(test: TestCase): Pick<CheckResult, "status" | "message"> {
  const error = test.result().errors?.[0];
  const message = error?.message ?? "it failed";
  if (error?.name === "NotDone") return { status: "todo", message };
  if (error?.name === "LabError") return { status: "error", message };
  if (error?.name === "WrongAnswer")
    return { status: "failed", message: `${test.name}\n${message}` };
  return { status: "failed", message: `${test.name}\n  your code threw: ${message}` };
}

process.on("message", (request: CheckRequest) => {
  check(request)
    .catch((error: unknown): CheckResult => {
      const message = `the check itself failed: ${errorMessage(error)}`;
      return { status: "error", message, passed: 0, checks: 0 };
    })
    .then((result) => report({ result }))
    .catch(() => process.exit(1));
});
process.on("disconnect", () => process.exit(0));
typeResult(stubPath(ROOT, "08-tumbling-window")); // warms up the compiler
starting.then(
  () => process.send?.("ready"),
  (error: unknown) => {
    console.error(errorMessage(error));
    process.exit(1);
  },
);
