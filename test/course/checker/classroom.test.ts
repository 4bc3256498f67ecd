import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { solutionPath } from "../../../labs/course/checker/places.js";
import { temporaryFolder } from "../../support/folder.js";
import { learnersFolder, type Learner } from "../../support/learner.js";

// `npm run check -- --class` as a teacher uses it.

const WINDOW = "08-tumbling-window";
let teacher: Learner;
beforeAll(async () => {
  teacher = await learnersFolder();
});
afterAll(() => teacher.remove());

test("a class gets a table and a CSV with a line for each student, whatever their folders hold", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "ada/labs/exercises"), { recursive: true });
  await cp(solutionPath(".", WINDOW), join(folder, "ada/labs/exercises", `${WINDOW}.ts`));
  await mkdir(join(folder, "Grace, H."));
  const wrong =
    "export const windowStart = (timeMs: number, windowMs: number) => timeMs - windowMs;\n";
  await writeFile(join(folder, "Grace, H.", `${WINDOW}.ts`), wrong);
  // Not an answer, so it is not run.
  await mkdir(join(folder, "mallory"));
  await writeFile(join(folder, "mallory/vitest.config.ts"), `throw new Error("was run");\n`);
  await writeFile(join(folder, "mallory", `${WINDOW}.ts`), "process.exit(0);\n");
  const { code, stdout, stderr } = await teacher.run("scripts/check.ts", "--class", folder);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/ada .*✓.* 1 +│/);
  expect(stdout).toMatch(/Grace, H\. .*✗.* 0 +│/);
  const csv = await readFile(join(teacher.folder, ".lab/class.csv"), "utf8");
  const [head, ...lines] = csv.trimEnd().split("\n");
  const at = head!.split(",").indexOf(WINDOW);
  expect(lines.map((line) => line.split(",").at(0))).toEqual(['"Grace', "ada", "mallory"]);
  expect(lines[1]!.split(",")[at]).toBe("passed");
  expect(lines[2]!.split(",")[at]).not.toBe("passed");
  // Their own project is as it was.
  const stub = await readFile(teacher.stub(WINDOW), "utf8");
  expect(stub).toBe(await readFile(`labs/exercises/${WINDOW}.ts`, "utf8"));
});

test("a folder without students is wrong usage", async () => {
  for (const folder of [await temporaryFolder(), "missing"]) {
    const { code, stderr } = await teacher.run("scripts/check.ts", "--class", folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/student/);
  }
});
