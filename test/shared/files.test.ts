import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolders, nodeDisk, type Disk } from "../../labs/shared/files.js";
import { openFileLog } from "../../labs/log/file.js";
import { localStore } from "../../labs/store/local.js";
import { temporaryFolder } from "../support/folder.js";
import { runPipelineCommand } from "../support/command.js";

test("folders are made with those above them, also where some are there", async () => {
  const folder = await temporaryFolder();
  await makeFolders(join(folder, "a/b/c"));
  await makeFolders(join(folder, "a/b/c"));
  await Promise.all(["x", "y", "z"].map((name) => makeFolders(join(folder, "d/e", name), true)));
  for (const path of ["a/b/c", "d/e/x", "d/e/y", "d/e/z"]) {
    expect((await stat(join(folder, path))).isDirectory()).toBe(true);
  }
  await writeFile(join(folder, "file"), "");
  await expect(makeFolders(join(folder, "file"))).rejects.toThrow("EEXIST");
  await expect(makeFolders(join(folder, "file/below"))).rejects.toThrow("ENOTDIR");
});

test.runIf(process.platform === "linux")(
  "where nobody can make a folder, that is an error and not a loop",
  async () => {
    await expect(makeFolders("/proc/none/below")).rejects.toThrow("ENOENT");
    await expect(localStore("/proc/none").write("file", "")).rejects.toThrow(
      /cannot write \/proc\/none\/file: it does not exist/,
    );
    const { code, stderr } = await runPipelineCommand(["--out", "/proc/none"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cannot write to \/proc\/none: .*choose another --out\n$/);
  },
);

/** This machine's disk, on which a sync fails. */
const failing = (code: string): Disk => ({
  ...nodeDisk,
  open: async (path, flags) => {
    const file = await nodeDisk.open(path, flags);
    const sync = () => Promise.reject(Object.assign(new Error(code), { code }));
    return Object.assign(Object.create(file) as typeof file, {
      sync,
      stat: () => file.stat(),
      close: () => file.close(),
      writeFile: (content: Uint8Array) => file.writeFile(content),
      appendFile: (content: Uint8Array) => file.appendFile(content),
      read: file.read.bind(file),
    });
  },
});

test.each([
  ["EIO", /the disk reports an input\/output error/],
  ["ENOSPC", /the disk is full.*free some space/],
])("%s while syncing names the file and what can be done", async (code, message) => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "log"));
  const store = localStore(folder, { disk: failing(code) });
  const failure = await store.write("prices/file", "x").catch((error: unknown) => String(error));
  expect(failure).toMatch(/LabError: cannot write .*prices/);
  expect(failure).toMatch(message);

  const plain = await openFileLog(join(folder, "log"), "t", 1);
  await plain.append([{ key: "a", value: "b", timestampMs: 0 }]);
  await plain.close();
  // The folder could be synced then, the file cannot now.
  const log = await openFileLog(join(folder, "log"), "t", 1, () => {}, {
    disk: {
      ...failing(code),
      open: (path, flags) => (flags === "r" ? nodeDisk : failing(code)).open(path, flags),
    },
  });
  await expect(log.sync()).rejects.toThrow(/cannot sync .*t-0\.log to disk: /);
  await expect(log.sync()).rejects.toThrow(message);
  await log.close();
});
