import { readdir } from "node:fs/promises";
import { join } from "node:path";

// The paths of an exercise's files. All contain the exercise's name, such as `07-consumer-lag`.

/** The learner's files, relative to the project's root. */
export const STUBS = "labs/exercises";
/** The reference answers. */
export const SOLUTIONS = "solutions";
/** A folder for each exercise: its description, its checks and recorded wrong answers. */
export const CHECKS = "test/exercises";

export const stubPath = (root: string, name: string): string => join(root, STUBS, `${name}.ts`);
export const solutionPath = (root: string, name: string): string =>
  join(root, SOLUTIONS, `${name}.ts`);
/** The discussion of the answer, for those who have found one. */
export const discussionPath = (root: string, name: string): string =>
  join(root, SOLUTIONS, `${name}.md`);
export const descriptionPath = (root: string, name: string): string =>
  join(root, CHECKS, name, "exercise.json");
export const checksPath = (root: string, name: string): string =>
  join(root, CHECKS, name, "checks.ts");
export const mutantsPath = (root: string, name: string): string =>
  join(root, CHECKS, name, "mutants.ts");

export const isExerciseName = (name: string): boolean => /^\d\d-[a-z0-9-]+$/.test(name);

/** The names of all exercises of a project, in order. */
export async function exerciseNames(root: string): Promise<string[]> {
  return (await readdir(join(root, CHECKS))).filter(isExerciseName).sort();
}
