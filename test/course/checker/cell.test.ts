import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "../../support/command.js";
import { learnersFolder, type Learner } from "../../support/learner.js";

const EXERCISE = "08-tumbling-window";
/** A kernel that prints what a cell shows. */
const CELL = `
globalThis[Symbol.for("lab.kernel")] = {
  controller: new AbortController(),
  display: (bundle) => console.log(bundle["text/plain"]),
};
const { check } = await import("./labs/course/checker/cell.js");
await check("08");
`;
let learner: Learner;

beforeAll(async () => {
  learner = await learnersFolder();
  await rm(join(learner.folder, "scripts"), { recursive: true });
  await writeFile(join(learner.folder, "cell.ts"), CELL);
});
afterAll(() => learner.remove());

async function check(): Promise<string> {
  const { code, stdout, stderr } = await start("cell.ts", [], {}, learner.folder).result;
  expect(code, stderr).toBe(0);
  return stdout;
}

test("a cell checks an exercise with what labs/ has, without the scripts", async () => {
  expect(await check()).toMatch(/The tumbling window of a time[^]*not done yet/);
  await learner.solve(EXERCISE);
  expect(await check()).toMatch(/verdict +│ passed/);
  await writeFile(learner.stub(EXERCISE), "export const windowStart = () => 7;\n");
  expect(await check()).toMatch(/input +│.*\n[^]*expected +│.*\n[^]*yours +│ 7/);
}, 180_000);
