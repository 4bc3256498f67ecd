import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Check } from "../exercises/checks.js";

const imported = (path: string) => import(pathToFileURL(resolve(path)).href) as Promise<object>;

/** An answer: a stub, a solution, a wrong one. */
export const moduleAt = (path: string): Promise<object> => imported(path);

export async function checksFor(name: string): Promise<readonly Check<object>[]> {
  const { default: checks } = (await imported(`test/exercises/${name}.checks.ts`)) as {
    default: Check<object>[];
  };
  return checks;
}

/** The recorded wrong answers to an exercise. */
export async function mutantsOf(name: string): Promise<string[]> {
  const folder = `test/exercises/mutants/${name}`;
  return (await readdir(folder)).map((file) => `${folder}/${file}`);
}
