import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checksPath, mutantsPath } from "../../labs/course/checker/places.js";
import type { Check } from "../exercises/checks.js";

/** An answer: a stub, a solution, a wrong one. */
export const moduleAt = (path: string) =>
  import(pathToFileURL(resolve(path)).href) as Promise<object>;

export async function checksFor(name: string): Promise<readonly Check<object>[]> {
  const { default: checks } = (await moduleAt(checksPath(".", name))) as {
    default: Check<object>[];
  };
  return checks;
}

/** The paths of the recorded wrong answers to an exercise. */
export async function mutantsOf(name: string): Promise<string[]> {
  const folder = mutantsPath(".", name);
  return (await readdir(folder)).map((file) => `${folder}/${file}`);
}
