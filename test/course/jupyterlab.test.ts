import { once } from "node:events";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";

test.each(["SIGTERM", "SIGHUP"] as const)("%s ends JupyterLab too", async (signal) => {
  const folder = await temporaryFolder();
  await checkout(folder);
  await cp("notebooks", join(folder, "notebooks"), { recursive: true });
  await writeFile(join(folder, "setup/jupyter/install.sh"), "");
  const jupyter = join(folder, ".lab/venv/bin/jupyter");
  await mkdir(join(jupyter, ".."), { recursive: true });
  await writeFile(jupyter, "#!/bin/sh\necho $$\nexec sleep 600\n", { mode: 0o755 });

  const { child, result } = start("scripts/lab.ts", [], {}, folder);
  const [text] = (await once(child.stdout!, "data")) as [string];
  const pid = Number(text);
  onTestFinished(() => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  });
  child.kill(signal);
  expect(await result).toMatchObject({ code: 0, stderr: "" });
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
