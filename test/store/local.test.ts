import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { localStore } from "../../labs/store/local.js";
import { temporaryFolder } from "../support/folder.js";

test("files are written, replaced, listed, read and removed", async () => {
  const store = localStore(await temporaryFolder());
  expect(await store.list("prices")).toEqual([]);
  await store.makeFolder("prices");
  await store.write("prices/b", "old");
  await store.write("prices/b", "new");
  await store.write("prices/a", Buffer.from([0, 255]));
  expect(await store.list("prices")).toEqual(["a", "b"]);
  expect((await store.read("prices/b")).toString()).toBe("new");
  expect([...(await store.read("prices/a"))]).toEqual([0, 255]);
  await store.remove("prices");
  await store.remove("prices");
  expect(await store.list("prices")).toEqual([]);
});

test("a reader never sees a file that is being written", async () => {
  const folder = await temporaryFolder();
  const store = localStore(folder);
  await store.makeFolder("prices");
  const large = "x".repeat(5_000_000);
  const writing = store.write("prices/a", large);
  while (!(await store.list("prices")).includes("a")) await new Promise(setImmediate);
  expect((await store.read("prices/a")).length).toBe(large.length);
  await writing;
  expect(await readdir(join(folder, "prices"))).toEqual(["a"]);
});

test("what a crash left behind is neither listed nor in the way", async () => {
  const folder = await temporaryFolder();
  const store = localStore(folder);
  await mkdir(join(folder, "prices"));
  await writeFile(join(folder, "prices", ".a.writing"), "half");
  expect(await store.list("prices")).toEqual([]);
  await store.write("prices/a", "whole");
  expect((await store.read("prices/a")).toString()).toBe("whole");
});

test("an error names the operation and the path", async () => {
  const folder = await temporaryFolder();
  const store = localStore(folder);
  await writeFile(join(folder, "file"), "");
  await expect(store.read("absent")).rejects.toThrow(
    `cannot read ${join(folder, "absent")}: it does not exist`,
  );
  await expect(store.makeFolder("file/below")).rejects.toThrow(LabError);
  await expect(store.write("file/below", "")).rejects.toThrow(/cannot write .*file\/below/);
});
