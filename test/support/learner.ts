import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exerciseNames, solutionPath, stubPath } from "../../labs/course/checker/places.js";
import { start, type Result } from "./command.js";

const COPIED = [
  ...["labs", "notebooks", "scripts", "setup", "solutions", "test"],
  ...["package.json", "tsconfig.json", "vitest.config.ts"],
];

/** A copy of the project for a learner, so that tests do not change the exercises here. */
export interface Learner {
  folder: string;
  /** The learner's file of an exercise. */
  stub(name: string): string;
  /** Pastes the reference answer into it, as it is. */
  solve(name: string): Promise<void>;
  /** Restores all exercises to their initial state. */
  reset(): Promise<void>;
  /** Runs a script there to its end. */
  run(script: string, ...args: string[]): Promise<Result>;
  remove(): Promise<void>;
}

export async function learnersFolder(): Promise<Learner> {
  const folder = await mkdtemp(join(tmpdir(), "learner-"));
  for (const name of COPIED) await cp(name, join(folder, name), { recursive: true });
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  const stub = (name: string) => stubPath(folder, name);
  return {
    folder,
    stub,
    solve: (name) => cp(solutionPath(".", name), stub(name)),
    reset: async () => {
      for (const name of await exerciseNames(".")) await cp(stubPath(".", name), stub(name));
    },
    run: (script, ...args) => start(script, args, {}, folder).result,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
