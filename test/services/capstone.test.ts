import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { wrongSolutions, type WrongSolution } from "../exercises/capstone/mutants.js";
import { start } from "../support/command.js";
import { ENVIRONMENT } from "./environment.js";

// `npm run check -- capstone` as a learner runs it, on the reference solution and on plausible wrong ones. What is wrong with
// one must be found, and nothing else.

const SOLUTION = "solutions/capstone";

async function check(programs: string, seed: number) {
  const args = ["capstone", "--programs", programs, "--seed", String(seed)];
  const { code, stdout, stderr } = await start("scripts/check.ts", args, ENVIRONMENT).result;
  const failed = [...stdout.matchAll(/│ ✗ │ (.*?) +│/g)].map(([, name]) => name!);
  return { code, failed, text: stdout + stderr };
}

/** Writes a wrong solution, two folders below the root, as the reference solution is. */
async function writeWrong(name: string, { file, changes }: WrongSolution): Promise<string> {
  const folder = `.lab/capstone-${name}`;
  await rm(folder, { recursive: true, force: true });
  await cp(SOLUTION, folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  let text = await readFile(join(folder, file), "utf8");
  for (const [find, replacement] of changes) {
    expect(text.split(find).length, find).toBe(2);
    text = text.replace(find, () => replacement);
  }
  await writeFile(join(folder, file), text);
  return folder;
}

test("the reference solution gets all points, on a random feed", async () => {
  const { code, failed, text } = await check(SOLUTION, Math.floor(Math.random() * 2 ** 31));
  expect(failed, text).toEqual([]);
  expect(text).toContain("passed with 100 of 100 points");
  expect(text).toMatch(/producer\.ts killed[^]*query\.ts killed/);
  expect(code).toBe(0);
});

test.each(Object.entries(wrongSolutions))("%s fails, for that reason", async (name, wrong) => {
  const { code, failed, text } = await check(await writeWrong(name, wrong), 7);
  expect(failed, text).toContain(wrong.fails);
  for (const line of failed) expect([wrong.fails, ...(wrong.mayFail ?? [])], text).toContain(line);
  expect(code).toBe(1);
});
