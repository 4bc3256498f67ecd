import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, test } from "vitest";
import type { Check } from "./checks.js";

/** Runs an exercise's checks on the learner's module. */
export function checkExercise<M>(name: string, checks: readonly Check<M>[]): void {
  describe(name, () => {
    test.each(checks.map((check) => [check.name, check] as const))("%s", async (_, check) => {
      const path = resolve(`labs/exercises/${name}.ts`);
      await check.run((await import(pathToFileURL(path).href)) as M);
    });
  });
}
