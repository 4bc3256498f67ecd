import { describe, inject, test } from "vitest";
import { exerciseNames, stubPath } from "../../labs/course/checker/places.js";
import { checksFor, moduleAt } from "../support/exercises.js";
import { forgetCall } from "./checks.js";

// Runs the checks of every exercise on the learner's answers, or of the one that labs/course/checker/worker.ts names.

declare module "vitest" {
  interface ProvidedContext {
    exercise?: string;
  }
}

const wanted = inject("exercise");
for (const name of wanted === undefined ? await exerciseNames(".") : [wanted]) {
  const checks = await checksFor(name);
  describe(name, () => {
    test.each(checks.map((check) => [check.name, check] as const))("%s", async (_, check) => {
      const path = stubPath(".", name);
      forgetCall();
      await check.run(await moduleAt(path), path);
    });
  });
}
