import { expect, test } from "vitest";
import { start } from "../../support/command.js";

// `npm run check -- capstone` where no service is needed: before it starts any.

test("the empty programs are not done yet, which is said in a line", async () => {
  const { code, stdout, stderr } = await start("scripts/check.ts", ["capstone"]).result;
  expect(stdout).toBe(
    "labs/exercises/capstone/producer.ts is not done yet: read labs/exercises/capstone/README.md\n",
  );
  expect([code, stderr]).toEqual([1, ""]);
});

test.each(["producer", "query"])("the empty %s.ts, run by hand, says so too", async (name) => {
  const { code, stderr } = await start(`labs/exercises/capstone/${name}.ts`, []).result;
  expect(stderr).toBe(`${name}.ts is not done yet: read labs/exercises/capstone/README.md\n`);
  expect(code).toBe(1);
});

test.each([
  [["capstone", "--watch"], /^--watch is only for exercises: the capstone is described in /],
  [["capstone", "--hint"], /^--hint is only for exercises/],
  [["--hint", "capstone"], /^--hint is only for exercises/],
  [["--solution", "capstone"], /its reference solution is solutions\/capstone\/\n$/],
  [["capstone", "--json"], /^--json is only for exercises/],
  [["07", "--feed"], /^--feed is only for the capstone: npm run check -- capstone --feed/],
  [["capstone", "--seed", "x"], /Expected a whole number from 0 to 2147483647/],
  [
    ["capstone", "--programs", "labs"],
    /labs has no producer\.ts: expected producer\.ts, query\.ts and design\.md\n$/,
  ],
])("%j is wrong usage", async (args, message) => {
  const { code, stderr } = await start("scripts/check.ts", args).result;
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

test("a program without its settings says which one is missing", async () => {
  const { code, stderr } = await start("solutions/capstone/query.ts", [], { FEED_URL: "" }).result;
  expect(stderr).toContain(
    "FEED_URL is not set: npm run check -- capstone --feed prints all of them",
  );
  expect(code).toBe(1);
});
