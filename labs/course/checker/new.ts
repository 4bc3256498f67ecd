import { writeFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { UsageError } from "../../shared/errors.js";
import { makeFolders } from "../../shared/files.js";
import {
  chapterNames,
  chapterPath,
  chapterNumber,
  findChapter,
  readNotebook,
  writeNotebook,
} from "../chapters/chapter.js";
import type { Description } from "./exercises.js";
import {
  checksPath,
  descriptionPath,
  discussionPath,
  exerciseNames,
  isExerciseName,
  mutantsPath,
  solutionPath,
  stubPath,
} from "./places.js";
import { stubOf } from "./stub.js";

/**
 * Creates all files of an exercise, with a TODO for each part to write, and adds the exercise to the list in its chapter.
 *
 * @param wanted its name, such as `22-some-name`; without a number, the next free one is used
 * @param chapter the number of its chapter; the last one by default
 * @returns the name of the exercise, and the paths of the files
 * @throws UsageError if the name is taken, invalid or leaves a gap, or if there is no such chapter
 */
export async function createExercise(
  root: string,
  wanted: string,
  chapter?: number,
): Promise<{ name: string; files: string[] }> {
  const name = await freeName(root, wanted);
  const title = titleOf(name);
  const notebook = await chapterFile(root, chapter);
  const description: Description = {
    title,
    chapter: chapterNumber(notebook),
    difficulty: 1,
    outcome: "TODO: choose one of the OUTCOMES in labs/course/checker/exercises.ts",
    hints: [
      "TODO: write a first hint, which asks a question?",
      "TODO: write a second hint",
      "TODO: write a last hint, which nearly gives the answer away",
    ],
  };
  const fn = functionOf(name);
  const solution = solutionTemplate(fn);
  const contents: [path: string, content: string][] = [
    [descriptionPath(root, name), `${JSON.stringify(description, undefined, 2)}\n`],
    [solutionPath(root, name), solution],
    [stubPath(root, name), stubOf(solution)],
    [discussionPath(root, name), discussionTemplate(name, title)],
    [checksPath(root, name), checksTemplate(name, fn)],
    [mutantsPath(root, name), MUTANTS_TEMPLATE],
  ];
  for (const [path, content] of contents) {
    await makeFolders(dirname(path));
    await writeFile(path, content, { flag: "wx" });
  }
  const link = `- [\`${name.slice(0, 2)}\`](../${stubPath("", name)}) ${title} ★`;
  await addLink(chapterPath(root, notebook), link);
  const files = [...contents.map(([path]) => relative(root, path)), chapterPath("", notebook)];
  return { name, files };
}

async function freeName(root: string, wanted: string): Promise<string> {
  const taken = await exerciseNames(root);
  const next = Math.max(0, ...taken.map((each) => Number(each.slice(0, 2)))) + 1;
  const number = String(next).padStart(2, "0");
  const name = /^\d\d-/.test(wanted) ? wanted : `${number}-${wanted}`;
  if (!isExerciseName(name)) {
    throw new UsageError(
      `${wanted} is not an exercise name: use lower-case words, as in 22-some-name`,
    );
  }
  const same = taken.find((each) => each.slice(0, 2) === name.slice(0, 2));
  if (same !== undefined) throw new UsageError(`the number of ${name} is taken by ${same}`);
  if (Number(name.slice(0, 2)) > next) {
    throw new UsageError(`exercises are numbered without gaps: use ${number}${name.slice(2)}`);
  }
  return name;
}

async function chapterFile(root: string, chapter: number | undefined): Promise<string> {
  const names = await chapterNames(root);
  const found = chapter === undefined ? names.at(-1) : await findChapter(root, chapter);
  if (found === undefined)
    throw new UsageError(`there is no chapter ${chapter}: ${names.join(", ")}`);
  return found;
}

/** Adds a line to a chapter's list of exercises: after the last exercise, or below the heading if there is none. */
async function addLink(path: string, line: string): Promise<void> {
  const notebook = await readNotebook(path);
  for (const anchor of [/^- \[`\d\d`\]\(\.\.\/labs\/exercises\/.*$/gm, /^## Exercises$\n?/gm]) {
    for (const cell of notebook.cells) {
      const match = cell.cell_type === "markdown" && [...cell.source.matchAll(anchor)].at(-1);
      if (!match) continue;
      const end = match.index! + match[0].length;
      cell.source = `${cell.source.slice(0, end)}\n${line}${cell.source.slice(end)}`;
      return writeNotebook(path, notebook);
    }
  }
}

/** `22-some-name`: Some name. */
function titleOf(name: string): string {
  const words = name.slice(3).replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `22-some-name`: someName. */
const functionOf = (name: string) =>
  name.slice(3).replace(/-+(.)/g, (_, letter: string) => letter.toUpperCase());

const solutionTemplate = (fn: string) => `/**
 * TODO: specify what the function must do
 */
export function ${fn}(value: number): number {
  // TODO: write the reference answer
  return value;
}
`;

const checksTemplate = (name: string, fn: string) => `import fc from "fast-check";
import * as solution from "../../../solutions/${name}.js";
import { checksOf } from "../checks.js";

const check = checksOf(solution);

export default [
  check.example(
    "TODO: write an example and name what it shows",
    "${fn}",
    [1],
    1,
    "TODO: say what a wrong answer has overlooked",
  ),
  check.agrees(
    "for any input",
    "${fn}",
    fc.tuple(fc.integer()), // TODO: describe all inputs
    "TODO: state the rule in one line",
  ),
];
`;

const discussionTemplate = (name: string, title: string) => `# ${name.slice(0, 2)} ${title}

## Why it works

TODO: say why the answer is right

## Another way

TODO: name another way, and its price

## Common wrong answers

TODO: say what the recorded wrong answers do
`;

const MUTANTS_TEMPLATE = `import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "TODO: name the mistake of a plausible wrong answer": [
    "TODO: describe the mistake in a sentence.",
    ["return value", "return value + 1"],
  ],
};
`;
