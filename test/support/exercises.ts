import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checksPath } from "../../labs/course/checker/places.js";
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
