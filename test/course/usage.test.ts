import { expect, test } from "vitest";
import { start } from "../support/command.js";

test.each([
  ["check.ts", ["new", "x", "--chapter", "x"], "--chapter takes the number of a chapter, not x"],
  ["lab.ts", ["--port", "x"], "--port takes a port from 1 to 65535, not x"],
  ["notebooks.ts", ["--limit", "x"], "--limit takes a number of seconds, not x"],
])("%s %s is wrong usage", async (script, args, message) => {
  const { code, stderr } = await start(`scripts/${script}`, args).result;
  expect(stderr).toBe(`${message} (see --help)\n`);
  expect(code).toBe(2);
});
