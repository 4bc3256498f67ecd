import { expect, test } from "vitest";
import { readExercises } from "../../../labs/course/checker/exercises.js";
import { openRecord } from "../../../labs/course/checker/record.js";
import type { Runner } from "../../../labs/course/checker/runner.js";
import type { Status } from "../../../labs/course/checker/verdict.js";
import { temporaryFolder } from "../../support/folder.js";

test.each([
  { status: "passed", repeatsFailure: true, checks: 1 },
  { status: "failed", repeatsFailure: false, checks: 1 },
  { status: "failed", repeatsFailure: true, checks: 3 },
  { status: "error", repeatsFailure: false, checks: 3 },
] satisfies { status: Status; repeatsFailure: boolean; checks: number }[])(
  "three looks at an answer that has $status check it $checks times (repeatsFailure: $repeatsFailure)",
  async ({ status, repeatsFailure, checks }) => {
    const record = await openRecord(await temporaryFolder());
    const [exercise] = await readExercises(process.cwd());
    let checked = 0;
    const runner = {
      check: ({ name, chapter }) => {
        checked++;
        return Promise.resolve({ name, chapter, status, message: "", passed: 0, checks: 1 });
      },
    } as Partial<Runner> as Runner;
    for (let look = 0; look < 3; look++) {
      expect((await record.verdictOn(exercise!, runner, repeatsFailure)).status).toBe(status);
    }
    expect(checked).toBe(checks);
  },
);
