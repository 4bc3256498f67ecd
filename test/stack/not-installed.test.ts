import { expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";

test("where nothing is installed, status, logs and up name the installer at once", async () => {
  const folder = await temporaryFolder();
  await checkout(folder);
  const run = (...args: string[]) =>
    start("scripts/stack.ts", args, { LAB_STACK_DIR: folder }, folder).result;

  const status = await run("status");
  expect(status.code).toBe(0);
  expect(status.stdout.match(/not installed/g)).toHaveLength(6);
  const installer = "bash setup/ubuntu-24.04.sh java kafka hadoop spark";
  expect(status.stderr).toBe(`to install: ${installer} registry\n`);

  const logs = await run("logs", "kafka");
  expect(logs.code).toBe(1);
  expect(logs.stderr).toBe("kafka is not installed: bash setup/ubuntu-24.04.sh java kafka\n");

  const up = await run("up");
  expect(up.code).toBe(1);
  expect(up.stderr).toContain(`are not installed: ${installer}\n`);
});
