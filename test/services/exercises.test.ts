import { expect, test } from "vitest";
import { readExercises } from "../../labs/course/checker/exercises.js";
import { solutionPath, stubPath } from "../../labs/course/checker/places.js";
import { writeMutants } from "../exercises/mutants.js";
import { checksFor, moduleAt } from "../support/exercises.js";
import { ENVIRONMENT } from "./environment.js";

// The exercises that need a real system; all others: test/course/.

Object.assign(process.env, ENVIRONMENT); // the checks read where the system is
const exercises = (await readExercises("."))
  .filter(({ needs }) => needs !== undefined)
  .map(({ name }) => name);

test.each(exercises)("the solution of %s passes, and its stub is not done yet", async (name) => {
  const [solution, stub] = [solutionPath(".", name), stubPath(".", name)];
  for (const check of await checksFor(name)) {
    await check.run(await moduleAt(solution), solution);
    await expect(check.run(await moduleAt(stub), stub), check.name).rejects.toMatchObject({
      name: "NotDone",
    });
  }
});

test.each(exercises)("the wrong answers to %s are rejected", async (name) => {
  const checks = await checksFor(name);
  for (const path of await writeMutants(name)) {
    const mutant = await moduleAt(path);
    let reason: Error | undefined;
    for (const check of checks) {
      await check.run(mutant, path).catch((error: unknown) => (reason = error as Error));
      if (reason !== undefined) break; // the real systems take their time
    }
    expect(reason?.name, reason?.message ?? `${path} passes`).toBe("WrongAnswer");
  }
});
