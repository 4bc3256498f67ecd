import { spawn } from "node:child_process";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { readExercises } from "../../../labs/course/checker/exercises.js";
import { learnersFolder, type Learner } from "../../support/learner.js";

// `npm run check` as a learner uses it, in a folder of its own, so that nothing is answered here.

let learner: Learner;
const EXERCISES = await readExercises(".");
const FIRST = "01-parse-an-event";
const WINDOW = "08-tumbling-window";
const LAG = "26-lag-of-a-group";

beforeAll(async () => {
  learner = await learnersFolder();
});
afterAll(() => learner.remove());
beforeEach(() => learner.reset());

const stub = (name: string) => learner.stub(name);
const solve = (name: string) => learner.solve(name);
const run = (...args: string[]) => learner.run("scripts/check.ts", ...args);
const answer = async (body: string) => {
  const text = await readFile(`labs/exercises/${WINDOW}.ts`, "utf8");
  await writeFile(stub(WINDOW), text.replace("return notDone(timeMs, windowMs);", body));
};

test("at first nothing is done, and the first exercise is next", async () => {
  const { code, stdout: output } = await run();
  expect(code).toBe(0);
  expect(output).toContain(`0 of ${EXERCISES.length} done`);
  expect(output).toMatch(/01 {2}Parse and validate an event .*← next/);
  expect(Math.max(...output.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test("a right answer passes, however it is written", async () => {
  await answer(
    "let start = timeMs % windowMs; if (start < 0) start += windowMs; return timeMs - start;",
  );
  const { code, stdout: output } = await run("8");
  expect(output).toContain("✓ passed: all 7 checks");
  expect(code).toBe(0);
});

test("a wrong answer is shown the input that it gets wrong, in 80 columns, without a word of the test runner", async () => {
  await answer("return Math.trunc(timeMs / windowMs) * windowMs;");
  const { code, stdout: output } = await run("08");
  expect(code).toBe(1);
  expect(output).toContain("✗ before 1970 too");
  expect(output).toMatch(
    /input: {5}windowStart\(-1, 60000\)\n {2}expected: {2}-60000\n {2}yours: {5}-0\n/,
  );
  expect(output).not.toMatch(/vitest|at .*:\d+:\d+|AssertionError|node_modules/);
  expect(Math.max(...output.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test("type errors come first, with line and column", async () => {
  await answer('return "soon";');
  const { code, stdout: output } = await run("08");
  expect(code).toBe(1);
  expect(output).toContain("line 12, column 3");
  expect(output).toContain("Type 'string' is not assignable to type 'number'");
});

test("an answer must have the type that the exercise gives it", async () => {
  await writeFile(
    stub(WINDOW),
    "export async function windowStart(timeMs: number, windowMs: number) {\n  return timeMs - (((timeMs % windowMs) + windowMs) % windowMs);\n}\n",
  );
  const { code, stdout: output } = await run("08");
  expect(code).toBe(1);
  expect(output).toContain("✗ windowStart must keep the type that the exercise gives it\n");
  expect(output).toContain("Type 'Promise<number>' is not assignable to type 'number'");
  await writeFile(
    stub(WINDOW),
    "export const windowStart = (timeMs: number, windowMs: number): number => Math.floor(timeMs / windowMs) * windowMs;\n",
  );
  expect((await run("08")).stdout).toContain("passed");
});

test.each([
  [
    "loops for ever",
    "for (;;) {}",
    /no answer within 10 s: does your code loop forever\?\n {2}input: {5}windowStart\(90000, 60000\)/,
  ],
  [
    "leaves a rejected promise",
    "void Promise.reject({ strange: 1 }); return Math.floor(timeMs / windowMs) * windowMs;",
    /left an error that nobody handles: is an await missing\?\n {2}\{ strange: 1 \}/,
  ],
  ["is no TypeScript", "return ((timeMs;", /line 12, column 18: syntax error/],
  ["ends the process", "process.exit(0);", /ended the process by process\.exit/],
  ["kills the process", "process.kill(process.pid, 9); return 0;", /ended the process/],
  ["throws strange things", "throw { strange: 1 };", /threw \{ strange: 1 \}/],
  [
    "floods the output",
    'for (let i = 0; i < 10_000; i++) console.log("x".repeat(80)); return 0;',
    /expected: {2}60000/,
  ],
])("code that %s gets a clear verdict", async (_, body, verdict) => {
  await answer(body);
  const { code, stdout: output } = await run("08");
  expect(code).toBe(1);
  expect(output).toMatch(verdict);
  expect(output.length).toBeLessThan(2_000);
});

test("what an answer prints is shown", async () => {
  await answer("console.log({ timeMs, windowMs }); return 0;");
  expect((await run("08")).stdout).toContain(
    "\nyour code printed:\n  { timeMs: 90000, windowMs: 60000 }\n",
  );
});

test("of a flood of output only the beginning is kept", async () => {
  await answer('console.log("x".repeat(1_000_000)); return 0;');
  expect((await run("08")).stdout).toMatch(/your code printed:\n {2}x+\n/);
  const record = JSON.parse(
    await readFile(join(learner.folder, ".lab/exercises.json"), "utf8"),
  ) as {
    verdicts: Record<string, { verdict: { printed: string } }>;
  };
  const { printed } = record.verdicts[WINDOW]!.verdict;
  expect(printed).toMatch(/^x+\n… your code printed more$/);
  expect(printed.length).toBeLessThan(11_000);
});

test("an answer that remembers earlier calls is told so", async () => {
  const text = await readFile(`labs/exercises/${WINDOW}.ts`, "utf8");
  const body = "return calls++ > 100 ? 5 : Math.floor(timeMs / windowMs) * windowMs;";
  await writeFile(
    stub(WINDOW),
    `let calls = 0;\n${text.replace("return notDone(timeMs, windowMs);", body)}`,
  );
  expect((await run("08")).stdout).toMatch(/Does\s+your code keep something between calls/);
});

test("--json is for a gradebook", async () => {
  await solve(FIRST);
  await answer("return 0;");
  await run(); // with the verdicts of before in mind the same must come out
  const { code, stdout: output } = await run("--json");
  expect(code).toBe(0);
  const { exercises } = JSON.parse(output) as { exercises: Record<string, unknown>[] };
  expect(exercises).toHaveLength(EXERCISES.length);
  expect(exercises[0]).toEqual({ name: FIRST, chapter: 1, status: "passed", message: "" });
  expect(exercises[1]).toMatchObject({ status: "todo" });
  expect(exercises[7]).toMatchObject({ name: WINDOW, chapter: 3, status: "failed" });
});

test("each solution passes when it is pasted over the learner's file", async () => {
  for (const { name } of EXERCISES) await solve(name);
  const { stdout: output } = await run("--json");
  const { exercises } = JSON.parse(output) as { exercises: Record<string, unknown>[] };
  for (const { name, chapter, needs } of EXERCISES) {
    if (needs !== undefined) continue; // what it needs may not run here
    expect(exercises).toContainEqual({ name, chapter, status: "passed", message: "" });
  }
});

test("the fast track leaves exercises out, and says how to go on in it", async () => {
  const { code, stdout: output } = await run("--track", "fast");
  expect(code).toBe(0);
  for (const { name, title, fast } of EXERCISES) {
    expect(output.includes(` ${name.slice(0, 2)}  ${title} `), name).toBe(fast === true);
  }
  expect(output).toContain("--watch --track fast");
  expect(await run("--track", "slow")).toMatchObject({ code: 2 });
  const { name } = EXERCISES.find(({ fast }) => fast !== true)!;
  const { code: refused, stderr } = await run(name, "--watch", "--track", "fast");
  expect({ refused, stderr }).toMatchObject({
    refused: 2,
    stderr: expect.stringContaining(
      `${name} is not in the fast track: leave out --track`,
    ) as string,
  });
});

test("an answer that needs a system which is not installed is skipped, and says how to install it", async () => {
  await solve(LAG);
  const { code, stdout: output } = await run("26");
  expect(code).toBe(1);
  expect(output).toContain(
    "– skipped: not installed: zookeeper, kafka\n  bash setup/ubuntu-24.04.sh java kafka\n",
  );
  expect((await run()).stdout).toMatch(/– 26 .* kafka\n/);
  const { exercises } = JSON.parse((await run("--json")).stdout) as { exercises: object[] };
  expect(exercises).toContainEqual(expect.objectContaining({ name: LAG, status: "skipped" }));
});

test("an answer that cannot be compiled is told so before a system starts", async () => {
  await writeFile(stub(LAG), "export const lagOf: string = 7;\n");
  expect((await run("26")).stdout).toMatch(/line 1, column 14: type error/);
});

test("hints come one at a time, and the last one stays", async () => {
  const { hints } = EXERCISES[7]!;
  const seen: string[] = [];
  for (let turn = 0; turn <= hints.length; turn++) seen.push((await run("--hint", "08")).stdout);
  expect(seen[0]).toContain(`hint 1 of ${hints.length}`);
  expect(seen[1]).toContain("Math.trunc");
  expect(seen.at(-1)).toBe(seen.at(-2));
});

test("--reset puts an exercise back and keeps the answer; without a terminal it does not ask but refuse", async () => {
  await answer("return 12345;");
  expect((await run("--reset", "08")).code).toBe(2);
  const { code } = await run("--reset", "08", "--yes");
  expect(code).toBe(0);
  expect(await readFile(stub(WINDOW), "utf8")).toBe(
    await readFile(`labs/exercises/${WINDOW}.ts`, "utf8"),
  );
  const copies = (await readdir(join(learner.folder, ".lab"))).filter((name) =>
    name.startsWith(WINDOW),
  );
  expect(await readFile(join(learner.folder, ".lab", copies[0]!), "utf8")).toContain("12345");
  await rm(stub(WINDOW));
  expect((await run("--reset", "08", "--yes")).stdout).toContain("was missing");
  expect(await readFile(stub(WINDOW), "utf8")).toContain("notDone");
});

test("--solution shows the answer of a solved one, and asks before it shows another", async () => {
  await solve(WINDOW);
  expect((await run("--solution", "08")).stdout).toContain("Math.floor(timeMs / windowMs)");
  const { code, stderr: errors } = await run("--solution", "09");
  expect(code).toBe(2);
  expect(errors).toMatch(/--yes/);
});

test("--discuss shows the discussion of a solved exercise, which passing points to", async () => {
  await solve(WINDOW);
  expect((await run("08")).stdout).toContain("npm run check -- --discuss 08");
  const { code, stdout } = await run("--discuss", "08");
  expect(code).toBe(0);
  expect(stdout).toMatch(/Why it works\n[^]*Another way\n[^]*Common wrong answers\n/);
  expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  const other = await run("--discuss", "09");
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/--yes/);
});

test("wrong usage says what there is", async () => {
  const { code, stderr: errors } = await run("77");
  expect(code).toBe(2);
  expect(errors).toMatch(/there is no exercise 77; the exercises are 01 to \d\d/);
});

test.each([
  [["hint", "8"], "hint is an option: npm run check -- --hint 8"],
  [["8", "solution"], "solution is an option: npm run check -- --solution 8"],
])("%j without dashes says which option is meant", async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test("watch checks on every save, moves on, and takes keys", async () => {
  const command = `${process.execPath} --import tsx scripts/check.ts --watch`;
  // A terminal of its own: keys are read one by one only there.
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: learner.folder,
    stdio: "pipe",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const said = (text: RegExp) =>
    expect.poll(() => output, { timeout: 60_000, interval: 50 }).toMatch(text);

  await said(/01 {2}Parse and validate an event[^]*q quit/); // after a look at all of them
  child.stdin.write("h");
  await said(/hint 1 of 4/);
  const text = await readFile(stub(FIRST), "utf8");
  await writeFile(
    stub(FIRST),
    text.replace("return notDone(message);", "return JSON.parse(message);"),
  );
  await said(/✗ .*a price is read[^]*yours:[^]*1 of 10 checks pass/);
  await solve(FIRST);
  await said(/passed: all 10 checks[^]*02 {2}Staleness of a poll/);
  child.stdin.write("n");
  await said(/03 {2}Back-off with jitter/);
  await solve("02-staleness-of-a-poll");
  await said(/02 was saved, but this is watching 03; to check 02: npm run check -- 02/);
  child.stdin.write("l");
  await said(/03 .*← next[^]*1 of \d+ done/); // the one that is being watched
  child.stdin.write("x");
  await said(/done[^]*h hint · l list · n next · p previous · q quit/);
  child.stdin.write("p");
  await said(/done[^]*02 {2}Staleness of a poll/);
  const closed = new Promise((done) => child.on("close", done));
  child.stdin.write("q");
  await closed;
});
