import { readdir, rm, symlink, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { learnersFolder, type Learner } from "../../support/learner.js";

// A checker that cannot start is the lab's problem, not the learner's.

const EXERCISE = "08-tumbling-window";
let learner: Learner;

beforeAll(async () => {
  learner = await learnersFolder();
  await learner.solve(EXERCISE);
});
afterAll(() => learner.remove());

const run = (...args: string[]) => learner.run("scripts/check.ts", ...args);

test("without Vitest the checker says that it cannot start, and why", async () => {
  const packages = join(learner.folder, "node_modules");
  await rm(packages);
  await mkdir(packages);
  for (const name of await readdir("node_modules")) {
    if (name !== "vitest") await symlink(resolve("node_modules", name), join(packages, name));
  }
  const { code, stdout, stderr } = await run(EXERCISE);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^the checker cannot start \(this is not caused by your code\): it ended/);
  expect(stderr).toMatch(/Cannot find (package|module) 'vitest/);
  expect(stderr).not.toMatch(/^ +at |your code has ended/m);
  expect(stderr.length).toBeLessThan(1_000);
});

test("nothing about it is remembered: when the worker starts again, the answer passes", async () => {
  const packages = join(learner.folder, "node_modules");
  await symlink(resolve("node_modules/vitest"), join(packages, "vitest"));
  expect((await run(EXERCISE)).stdout).toContain("passed");
});

test("a worker that is killed while it starts is not the learner's fault either", async () => {
  await rm(join(learner.folder, ".lab"), { recursive: true, force: true });
  const worker = join(learner.folder, "labs/course/checker/worker.ts");
  await writeFile(worker, 'console.error("out of luck"); process.kill(process.pid, "SIGKILL");');
  const { code, stderr } = await run(EXERCISE);
  expect(code).toBe(1);
  expect(stderr).toMatch(/the checker cannot start.*: it was killed by SIGKILL\n {2}out of luck/);
});
