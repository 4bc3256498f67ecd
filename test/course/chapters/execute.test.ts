import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { executeNotebook } from "../../../labs/course/chapters/execute.js";
import { LabError } from "../../../labs/shared/errors.js";
import { temporaryFolder } from "../../support/folder.js";

/** Runs a notebook in a checkout whose Python is a file of this content, or links to nothing. */
async function execute(python?: string) {
  const root = await temporaryFolder();
  const bin = join(root, ".lab/venv/bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "jupyter"), "");
  if (python === undefined) await symlink("/no/such/python3", join(bin, "python"));
  else await writeFile(join(bin, "python"), python, { mode: 0o755 });
  return executeNotebook(root, "01.ipynb", 1).catch((error: unknown) => error);
}

test("a Python that was removed is an error that says what to run", async () => {
  const error = await execute();
  expect(error).toBeInstanceOf(LabError);
  expect((error as LabError).message).toMatch(
    /^cannot start .*\.lab\/venv\/bin\/python: .*; run: bash setup\/ubuntu-24\.04\.sh spark jupyter$/,
  );
});

test("an nbclient that fails says why", async () => {
  const error = await execute(
    "#!/bin/sh\necho Traceback >&2; echo no module nbclient >&2; exit 3\n",
  );
  expect((error as LabError).message).toBe(
    "nbclient ended with exit code 3 at 01.ipynb:\n  Traceback\n  no module nbclient",
  );
});
