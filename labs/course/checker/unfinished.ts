import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chapterPath, findChapter } from "../chapters/chapter.js";
import { OUTCOMES, type Exercise } from "./exercises.js";
import {
  checksPath,
  descriptionPath,
  discussionPath,
  mutantsPath,
  solutionPath,
  stubPath,
} from "./places.js";
import { stubOf } from "./stub.js";

const MIN_HINTS = 3;
/** How many wrong answers an exercise must reject. */
export const MIN_MUTANTS = 3;
const MAX_TITLE = 50;

/**
 * What an author still has to write: the TODOs in the files of an exercise, and missing files or parts. Each entry is a
 * phrase, such as `write a second hint (test/exercises/22-some-name/exercise.json:9)`. Empty for a complete exercise,
 * whether a learner has solved it or not.
 */
export async function partsToWrite(root: string, exercise: Exercise): Promise<string[]> {
  const { name, hints, title, outcome } = exercise;
  const mutants = await mutantNames(root, name);
  const written = [
    ...[descriptionPath("", name), solutionPath("", name), discussionPath("", name)],
    ...[checksPath("", name), mutantsPath("", name)],
  ];
  const parts: string[] = [];
  for (const path of written) {
    const text = await textOf(root, path);
    text?.split("\n").forEach((line, index) => {
      const [, todo] = /TODO: (.*?)(",?)?$/.exec(line) ?? [];
      if (todo !== undefined) parts.push(`${todo} (${path}:${index + 1})`);
    });
    if (text === undefined) parts.push(`write ${path}`);
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
  return parts;
}

/**
 * Everything that is missing from an exercise: the parts to write, a stub that is not that of the solution, a link in its
 * chapter. Each entry is a sentence, such as `exercise 22-some-name: write a second hint (…/exercise.json:9)`.
 */
export async function unfinishedParts(root: string, exercise: Exercise): Promise<string[]> {
  const { name } = exercise;
  const parts = await partsToWrite(root, exercise);
  const solution = await textOf(root, solutionPath("", name));
  if (solution !== undefined && (await textOf(root, stubPath("", name))) !== stubOf(solution)) {
    const command = `npm run check -- --reset ${name.slice(0, 2)} --yes`;
    parts.push(`update ${stubPath("", name)} from the solution: ${command}`);
  }
  const chapter = await findChapter(root, exercise.chapter);
  if (chapter === undefined) {
    parts.push(`there is no chapter ${exercise.chapter} (${descriptionPath("", name)})`);
  } else {
    const text = await textOf(root, chapterPath("", chapter));
    if (!text?.includes(`../${stubPath("", name)}`)) {
      parts.push(`link ../${stubPath("", name)} in ${chapterPath("", chapter)}`);
    }
  }
  return parts.map((part) => `exercise ${name}: ${part}`);
}

/** The names of the recorded wrong answers; none if the file is missing. */
async function mutantNames(root: string, name: string): Promise<string[]> {
  const path = resolve(mutantsPath(root, name));
  const loaded = (await import(pathToFileURL(path).href).catch(() => ({ mutants: {} }))) as {
    mutants: object;
  };
  return Object.keys(loaded.mutants);
}

/** The text of a file; undefined if it is missing. */
const textOf = (root: string, path: string): Promise<string | undefined> =>
  readFile(join(root, path), "utf8").catch(() => undefined);
