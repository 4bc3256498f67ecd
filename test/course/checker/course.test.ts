import { readFile, readdir } from "node:fs/promises";
import { parse, resolve } from "node:path";
import { expect, test } from "vitest";
import { chapterNames, chapterNumber } from "../../../labs/course/chapters/chapter.js";
import { readDiscussion } from "../../../labs/course/checker/discussion.js";
import { OUTCOMES, readExercises, type Exercise } from "../../../labs/course/checker/exercises.js";
import { SOLUTIONS, STUBS, solutionPath, stubPath } from "../../../labs/course/checker/places.js";
import { typeChecker } from "../../../labs/course/checker/types.js";
import { unfinishedParts } from "../../../labs/course/checker/unfinished.js";
import { writeMutants } from "../../exercises/mutants.js";
import { checksFor, moduleAt } from "../../support/exercises.js";

// The integrity of the course: every exercise is complete, can be solved, and rejects its recorded wrong answers.

const checker = typeChecker(resolve("."));
const EXERCISES = await readExercises(".");
const unfinished = new Map<string, string[]>();
for (const exercise of EXERCISES) {
  unfinished.set(exercise.name, await unfinishedParts(".", exercise));
}
const complete = EXERCISES.filter(({ name }) => unfinished.get(name)!.length === 0);
/** The exercises that need real systems are tested where these run: test/services/exercises.test.ts. */
const here = complete.filter(({ needs }) => needs === undefined);
const named = (exercises: readonly Exercise[]) =>
  exercises.map((each) => [each.name, each] as const);

test.each(named(EXERCISES))("%s has nothing left to write", (name) => {
  expect(unfinished.get(name)!.join("\n")).toBe("");
});

test("every exercise file belongs to an exercise of its own number", async () => {
  const names = EXERCISES.map(({ name }) => name);
  expect(new Set(names.map((name) => name.slice(0, 2))).size).toBe(names.length);
  for (const folder of [STUBS, SOLUTIONS]) {
    const files = (await readdir(folder)).filter((file) => /^\d\d-/.test(file));
    for (const file of files) expect(names).toContain(parse(file).name);
  }
});

test("there are exercises for every outcome and every chapter", async () => {
  expect(new Set(complete.map(({ outcome }) => outcome))).toEqual(new Set(OUTCOMES));
  const covered = new Set(complete.map(({ chapter }) => chapter));
  const [, ...taught] = await chapterNames("."); // the first one only starts the course
  const without = taught.filter((name) => !covered.has(chapterNumber(name)));
  expect(without, "chapters without an exercise").toEqual([]);
});

test.each(named(EXERCISES))("the discussion of %s is complete", async (_, exercise) => {
  const discussion = await readDiscussion(".", exercise);
  for (const paragraphs of discussion.values())
    expect(paragraphs.join("").length).toBeGreaterThan(100);
  const wrong = discussion.get("Common wrong answers")!;
  expect(wrong.filter((paragraph) => paragraph.startsWith("- ")).length).toBeGreaterThanOrEqual(3);
});

test.each(named(complete))("the first hint of %s asks a question", (_, { hints }) => {
  expect(hints[0]).toMatch(/\?/);
});

test.each(named(complete))("stub and solution of %s have no type mistakes", (name) => {
  expect(checker.errorsIn(resolve(stubPath(".", name)))).toEqual([]);
  expect(checker.errorsIn(resolve(solutionPath(".", name)))).toEqual([]);
  const [stub, solution] = [stubPath(".", name), solutionPath(".", name)].map((path) =>
    resolve(path),
  );
  expect(checker.signatureErrors(stub!, solution!)).toEqual([]);
});

test.each(named(here))("the stub of %s is not done yet, in every check", async (name) => {
  const path = stubPath(".", name);
  const stub = await moduleAt(path);
  for (const check of await checksFor(name)) {
    await expect(check.run(stub, path), check.name).rejects.toMatchObject({ name: "NotDone" });
  }
});

test.each(named(here))("the solution of %s passes", async (name) => {
  const path = solutionPath(".", name);
  const solution = await moduleAt(path);
  for (const check of await checksFor(name)) await check.run(solution, path);
});

test.each(named(complete))("every wrong answer to %s says what is wrong with it", async (name) => {
  for (const path of await writeMutants(name)) {
    expect(await readFile(path, "utf8"), path).toMatch(/^\/\/ \S.*[.?]\n/);
    expect(checker.errorsIn(resolve(path)), path).toEqual([]);
  }
});

test.each(named(here))(
  "the wrong answers to %s are rejected, with a case that shows it",
  async (name) => {
    const checks = await checksFor(name);
    for (const path of await writeMutants(name)) {
      const mutant = await moduleAt(path);
      const results = await Promise.allSettled(checks.map((check) => check.run(mutant, path)));
      const reasons = results.flatMap((each) =>
        each.status === "rejected" ? [each.reason as Error] : [],
      );
      expect(reasons.length, `${path} passes`).toBeGreaterThan(0);
      for (const { name: kind, message } of reasons) {
        expect(kind).toBe("WrongAnswer");
        expect(message).toMatch(/^ {2}input: .*\n[^]* {2}expected: .*\n[^]* {2}yours: /);
      }
    }
  },
);

test("solutions import nothing from the lab, so they work when pasted into labs/exercises/", async () => {
  for (const { name } of EXERCISES) {
    const text = await readFile(solutionPath(".", name), "utf8");
    expect(text, name).not.toMatch(/from "\.|import\("\./);
  }
});

test("nothing in labs/ imports the solutions", async () => {
  for (const name of await readdir("labs", { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    expect(await readFile(`labs/${name}`, "utf8"), name).not.toMatch(
      /from "[^"]*solutions\/(?!\$)/,
    );
  }
});
