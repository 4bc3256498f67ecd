import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CheckResult } from "../../labs/stack/doctor.js";
import { start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";

test("logs shows as many lines as it is asked for, and a number that is none is wrong usage", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "logs"));
  await writeFile(join(folder, "logs/kafka.log"), "one\ntwo\nthree\n");
  const logs = (name: string, lines: string) =>
    start("scripts/stack.ts", ["logs", name, "-n", lines], { LAB_STACK_DIR: folder }).result;
  expect((await logs("kafka", "2")).stdout).toBe("two\nthree\n");
  const wrong = await logs("kafka", "abc");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toBe("-n takes a number of lines, not abc (see --help)\n");
  const none = await logs("spark", "2");
  expect(none.code).toBe(1);
  // What is next depends on whether this machine has Spark.
  expect(none.stderr).toMatch(
    /spark (has no log yet: .*stack\.ts up|is not installed: bash setup)/,
  );
});

test("doctor checks nothing that cannot fail: an old Node ends every command before it", async () => {
  const folder = await temporaryFolder();
  const { stdout } = await start("scripts/stack.ts", ["doctor", "--json"], {
    LAB_STACK_DIR: folder,
  }).result;
  const checks = (JSON.parse(stdout) as CheckResult[]).map(({ what }) => what);
  expect(checks).toEqual(expect.arrayContaining(["Java 11", "Kafka 3.4.1", "disk", "clock"]));
  expect(checks.join()).not.toContain("Node");
});
