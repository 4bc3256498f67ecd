import { join } from "node:path";

/** Where the learner's exercises and the reference answers are, relative to the project's root. */
export const STUBS = "labs/exercises";
export const SOLUTIONS = "solutions";

export const stubPath = (root: string, name: string): string => join(root, STUBS, `${name}.ts`);
export const solutionPath = (root: string, name: string): string =>
  join(root, SOLUTIONS, `${name}.ts`);
