import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chapterPath, findChapter } from "../../../labs/course/chapters/chapter.js";
import { readExercises } from "../../../labs/course/checker/exercises.js";
import { exerciseNames, solutionPath } from "../../../labs/course/checker/places.js";
import { unfinishedParts } from "../../../labs/course/checker/unfinished.js";
import { learnersFolder, type Learner } from "../../support/learner.js";

// `npm run check -- new`, in a copy of the project.

const NEXT = String((await exerciseNames(".")).length + 1).padStart(2, "0");
/** The number after it, when it has been created. */
const AFTER = String(Number(NEXT) + 1).padStart(2, "0");
const CHAPTER = chapterPath("", (await findChapter(".", 3))!);
const NAME = `${NEXT}-some-name`;
let author: Learner;

beforeAll(async () => {
  author = await learnersFolder();
});
afterAll(() => author.remove());

const run = (...args: string[]) => author.run("scripts/check.ts", ...args);
const read = (path: string) => readFile(join(author.folder, path), "utf8");
const write = (path: string, text: string) => writeFile(join(author.folder, path), text);
const unfinished = async () => {
  const exercises = await readExercises(author.folder);
  return unfinishedParts(
    author.folder,
    exercises.find(({ name }) => name === NAME)!,
  );
};

test("new makes every file of an exercise, which the checker knows at once", async () => {
  const { code, stdout, stderr } = await run("new", "some-name", "--chapter", "3");
  expect(code, stderr).toBe(0);
  for (const path of [
    `labs/exercises/${NAME}.ts`,
    `solutions/${NAME}.ts`,
    `solutions/${NAME}.md`,
    `test/exercises/${NAME}/checks.ts`,
    `test/exercises/${NAME}/exercise.json`,
    `test/exercises/${NAME}/mutants.ts`,
    CHAPTER,
  ]) {
    expect(stdout).toContain(`  ${path}\n`);
  }
  expect(await read(CHAPTER)).toMatch(
    new RegExp(`labs/exercises/14-.*\\n.*- \\[\`${NEXT}\`\\].*${NAME}\\.ts\\) Some name ★`),
  );
  const checked = await run(NEXT);
  expect(checked.stdout).toContain("not done yet");
  const hint = `  write a second hint (test/exercises/${NAME}/exercise.json:8)\n`;
  expect(checked.stdout).toMatch(/\nleft to write:\n {2}/);
  expect(checked.stdout).toContain(hint);
  expect(checked.stdout).toContain("  record 2 more wrong answers");
  expect(checked.stdout).toMatch(/Some name +chapter 3 · ★☆☆/);
});

test("what is left to write is named, with the file and line", async () => {
  const parts = await unfinished();
  expect(parts).toContain(
    `exercise ${NAME}: write a second hint (test/exercises/${NAME}/exercise.json:8)`,
  );
  expect(parts).toContain(`exercise ${NAME}: write the reference answer (solutions/${NAME}.ts:5)`);
  expect(parts).toContain(
    `exercise ${NAME}: record 2 more wrong answers in test/exercises/${NAME}/mutants.ts`,
  );
  expect(parts.length).toBeGreaterThanOrEqual(12);
});

test("a stub that is not that of its solution is named, and made by --reset", async () => {
  const solution = `/** Doubles a value. */
export function someName(value: number): number {
  return 2 * value;
}
`;
  await write(`solutions/${NAME}.ts`, solution);
  const command = `npm run check -- --reset ${NEXT} --yes`;
  const part = `exercise ${NAME}: update labs/exercises/${NAME}.ts from the solution: ${command}`;
  expect(await unfinished()).toContain(part);
  expect((await run("--reset", NEXT, "--yes")).code).toBe(0);
  expect(await unfinished()).not.toContain(part);
  expect(await read(`labs/exercises/${NAME}.ts`)).toContain("/** Doubles a value. */");
  await write(
    `labs/exercises/${NAME}.ts`,
    await readFile(solutionPath(author.folder, NAME), "utf8"),
  );
  expect((await run(NEXT)).stdout).toContain("yours:     2"); // the example still says 1
});

test.each([
  [["99-gap"], new RegExp(`numbered without gaps: use ${AFTER}-gap`)],
  [["08-again"], /the number of 08-again is taken by 08-tumbling-window/],
  [["Some_Name"], /Some_Name is not an exercise name: use lower-case words, as in 22-some-name/],
  [["other", "--chapter", "99"], /there is no chapter 99: 00-.*\.ipynb, /],
])("new %j is refused", async (args, message) => {
  const { code, stderr } = await run("new", ...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
