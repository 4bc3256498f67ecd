import { readFile, readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { expect, test } from "vitest";
import { SOLUTIONS, STUBS, solutionPath, stubPath } from "../../../labs/course/checker/places.js";
import { stubOf } from "../../../labs/course/checker/stub.js";
import { typeChecker } from "../../../labs/course/checker/types.js";
import { CHAPTERS, chapterNames } from "../../../labs/course/chapters/chapter.js";
import { EXERCISES, type Exercise } from "../../../labs/exercises/manifest.js";
import { checksFor, moduleAt, mutantsOf } from "../../support/exercises.js";

// The integrity of the course: what it asks is asked the same everywhere, can be answered, and cannot be answered wrongly.

const checker = typeChecker(resolve("."));
/** Spark's exercise is checked where Spark runs: test/services/exercises.test.ts. */
const here = EXERCISES.filter(({ needs }) => needs === undefined);
const named = (exercises: readonly Exercise[]) =>
  exercises.map((each) => [each.name, each] as const);
const sources = async (folder: string) =>
  (await readdir(folder))
    .filter((name) => /^\d\d-.*\.ts$/.test(name))
    .map((name) => basename(name, ".ts"));

test("stubs, solutions, checks, mutants and the manifest name the same exercises, in order", async () => {
  const names = EXERCISES.map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  expect(new Set(names.map((name) => name.slice(0, 2))).size).toBe(names.length);
  expect(await sources(STUBS)).toEqual(names);
  expect(await sources(SOLUTIONS)).toEqual(names);
  expect((await readdir(SOLUTIONS)).length).toBe(names.length);
  expect(await readdir("test/exercises/mutants")).toEqual(names);
  const checks = (await readdir("test/exercises")).filter((name) => name.endsWith(".checks.ts"));
  expect(checks.map((name) => name.replace(".checks.ts", ""))).toEqual(names);
  const tests = (await readdir("test/exercises")).filter((name) => name.endsWith(".test.ts"));
  expect(tests.map((name) => name.replace(".test.ts", ""))).toEqual(names);
  expect((await readdir(STUBS)).filter((name) => !/^\d\d-/.test(name)).sort()).toEqual([
    "manifest.ts",
    "not-done.ts",
  ]);
});

test("there are enough exercises, for every outcome and every chapter", () => {
  expect(EXERCISES.length).toBeGreaterThanOrEqual(16);
  expect(new Set(EXERCISES.map(({ outcome }) => outcome)).size).toBe(5);
  expect(new Set(EXERCISES.map(({ chapter }) => chapter))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
});

test.each(named(EXERCISES))("%s has hints that come one at a time", (_, { hints, title }) => {
  expect(hints.length).toBeGreaterThanOrEqual(3);
  expect(hints[0]).toMatch(/\?/);
  expect(title.length).toBeLessThanOrEqual(50);
});

test.each(named(EXERCISES))("the chapter of %s mentions it", async (name, { chapter }) => {
  const file = (await chapterNames(CHAPTERS))[chapter - 1]!;
  const text = await readFile(`${CHAPTERS}/${file}`, "utf8");
  expect(text.includes(`../labs/exercises/${name}.ts`), `${file} mentions ${name}`).toBe(true);
});

test.each(named(EXERCISES))("the stub of %s asks for what its solution answers", async (name) => {
  const [stub, solution] = await Promise.all([
    readFile(stubPath(".", name), "utf8"),
    readFile(solutionPath(".", name), "utf8"),
  ]);
  expect(stub).toBe(stubOf(solution));
  expect(checker.mistakesIn(resolve(stubPath(".", name)))).toEqual([]);
  expect(checker.mistakesIn(resolve(solutionPath(".", name)))).toEqual([]);
});

test.each(named(here))("the stub of %s is not done yet, in every check", async (name) => {
  const stub = await moduleAt(stubPath(".", name));
  for (const check of await checksFor(name)) {
    await expect(check.run(stub), check.name).rejects.toMatchObject({ name: "NotDone" });
  }
});

test.each(named(here))("the solution of %s passes", async (name) => {
  const solution = await moduleAt(solutionPath(".", name));
  for (const check of await checksFor(name)) await check.run(solution);
});

test.each(named(EXERCISES))(
  "%s has wrong answers on record, each with its reason",
  async (name) => {
    const mutants = await mutantsOf(name);
    expect(mutants.length).toBeGreaterThanOrEqual(3);
    for (const path of mutants) {
      expect(await readFile(path, "utf8"), path).toMatch(/^\/\/ \S.*[.?]\n/);
      expect(checker.mistakesIn(resolve(path)), path).toEqual([]);
    }
  },
);

test.each(named(here))(
  "the wrong answers to %s are rejected, with a case that shows it",
  async (name) => {
    const checks = await checksFor(name);
    for (const path of await mutantsOf(name)) {
      const mutant = await moduleAt(path);
      const results = await Promise.allSettled(checks.map((check) => check.run(mutant)));
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

test("solutions import nothing of the lab, so that they work when they are pasted into labs/exercises/", async () => {
  for (const name of await readdir(SOLUTIONS)) {
    expect(await readFile(`${SOLUTIONS}/${name}`, "utf8"), name).not.toMatch(
      /from "\.|import\("\./,
    );
  }
});

test("nothing in labs/ knows the solutions", async () => {
  for (const name of await readdir("labs", { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    expect(await readFile(`labs/${name}`, "utf8"), name).not.toMatch(/from "[^"]*solutions\//);
  }
});
