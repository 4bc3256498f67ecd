import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "../../support/checkout.js";
import { start } from "../../support/command.js";
import { temporaryFolder } from "../../support/folder.js";

test("if something is not installed, no chapter runs, and everything that is missing is listed", async () => {
  const folder = await temporaryFolder();
  await checkout(folder);
  await cp("notebooks", join(folder, "notebooks"), { recursive: true });
  const run = (...args: string[]) => start("scripts/notebooks.ts", args, {}, folder).result;

  const all = await run("--check");
  expect(all.code).toBe(1);
  expect(all.stderr.trimEnd().split("\n")).toEqual([
    "JupyterLab is not installed: bash setup/jupyter/install.sh",
    "zookeeper, kafka, namenode, datanode, spark, registry are not installed: bash setup/ubuntu-24.04.sh java kafka hadoop spark registry",
    "no chapter was run; chapters 00, 01, 03, 07 need no services",
  ]);

  const one = await run("--check", "04");
  expect(one.stderr).toContain("namenode, datanode are not installed: bash setup/ubuntu-24.04.sh");
  expect(one.stderr).not.toMatch(/kafka|spark/);
});
