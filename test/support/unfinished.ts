import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chapterPath, findChapter } from "../../labs/course/chapters/chapter.js";
import { OUTCOMES, type Exercise } from "../../labs/course/checker/exercises.js";
import {
  checksPath,
  descriptionPath,
  discussionPath,
  mutantsPath,
  solutionPath,
  stubPath,
} from "../../labs/course/checker/places.js";
import { stubOf } from "../../labs/course/checker/stub.js";
import { readMutants } from "../exercises/mutants.js";

const MIN_HINTS = 3;
const MIN_MUTANTS = 3;
const MAX_TITLE = 50;

/**
 * What is still missing from an exercise: the TODOs in its files, and missing files or parts. Each entry is a sentence, such
 * as `exercise 22-some-name: write a second hint (test/exercises/22-some-name/exercise.json:9)`.
 */
export async function unfinishedParts(root: string, exercise: Exercise): Promise<string[]> {
  const { name, hints, title, outcome } = exercise;
  const mutants = Object.keys(await readMutants(root, name).catch(() => ({})));
  const written = [
    ...[descriptionPath("", name), solutionPath("", name)],
    ...[checksPath("", name), mutantsPath("", name)],
  ];
  const parts: string[] = [];
  const read = (path: string) => readFile(join(root, path), "utf8").catch(() => undefined);
  for (const path of [...written, discussionPath("", name)]) {
    const text = await read(path);
    text?.split("\n").forEach((line, index) => {
      const [, todo] = /TODO: (.*?)(",?)?$/.exec(line) ?? [];
      if (todo !== undefined) parts.push(`${todo} (${path}:${index + 1})`);
    });
    // Not every exercise has a discussion.
    if (text === undefined && path !== discussionPath("", name)) parts.push(`write ${path}`);
  }
  if (mutants.length < MIN_MUTANTS) {
    const missing = MIN_MUTANTS - mutants.length;
    parts.push(`record ${missing} more wrong answers in ${mutantsPath("", name)}`);
  }
  if (hints.length < MIN_HINTS) {
    parts.push(`write ${MIN_HINTS - hints.length} more hints (${descriptionPath("", name)})`);
  }
  if (title.length > MAX_TITLE) {
    parts.push(`shorten the title to ${MAX_TITLE} characters (${descriptionPath("", name)})`);
  }
  if (!outcome.startsWith("TODO") && !OUTCOMES.includes(outcome)) {
    parts.push(`choose one of the outcomes: ${OUTCOMES.join(", ")} (${descriptionPath("", name)})`);
  }
  const solution = await read(solutionPath("", name));
  if (solution !== undefined && (await read(stubPath("", name))) !== stubOf(solution)) {
    const command = `npm run check -- --reset ${name.slice(0, 2)} --yes`;
    parts.push(`update ${stubPath("", name)} from the solution: ${command}`);
  }
  const chapter = await findChapter(root, exercise.chapter);
  if (chapter === undefined) {
    parts.push(`there is no chapter ${exercise.chapter} (${descriptionPath("", name)})`);
  } else if (!(await read(chapterPath("", chapter)))?.includes(`../${stubPath("", name)}`)) {
    parts.push(`link ../${stubPath("", name)} in ${chapterPath("", chapter)}`);
  }
  return parts.map((part) => `exercise ${name}: ${part}`);
}
