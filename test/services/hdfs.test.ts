import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import axios from "axios";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { readBlock } from "../../labs/course/lesson/blocks.js";
import { hdfsStore, type HdfsOptions } from "../../labs/store/hdfs.js";
import { ENVIRONMENT, hdfs, stack, uniqueName, killService } from "./environment.js";

const store = (path = `/${uniqueName("store")}`, options: HdfsOptions = {}) =>
  hdfsStore({ ...hdfs, path }, true, options);
const command = (...args: string[]) =>
  promisify(execFile)("setup/bin/hdfs", args, { env: { ...process.env, ...ENVIRONMENT } });

test("any content comes back byte for byte, under any name, and replaces what was there", async () => {
  const here = store();
  const name = fc
    .string({
      unit: fc.constantFrom("a", "Z", "7", "%", "+", "?", "#", "&", "=", " ", "é", "✓", "-"),
    })
    .filter((text) => text.trim() !== "" && text === text.trim());
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 2 }),
      name,
      async (contents, file) => {
        for (const content of contents) {
          await here.write(`folder/${file}`, content);
          expect(new Uint8Array(await here.read(`folder/${file}`))).toEqual(content);
        }
        expect(await here.list("folder")).toContain(file);
        await here.remove(`folder/${file}`);
        expect(await here.list("folder")).not.toContain(file);
      },
    ),
    { numRuns: 25 },
  );
});

test("a large file is uploaded piece by piece from a stream", async () => {
  const here = store();
  const piece = Buffer.alloc(1_000_000, 7);
  async function* pieces() {
    for (let index = 0; index < 150; index++) yield await Promise.resolve(piece); // more than a block of 128 MB
  }
  await here.write("large", pieces());
  const content = await here.read("large");
  expect(content.length).toBe(150_000_000);
  expect(content.every((byte) => byte === 7)).toBe(true);
});

test("an upload that ends in an error leaves the file as it was, and nothing half", async () => {
  const here = store();
  await here.write("file", "whole");
  // eslint-disable-next-line require-yield
  async function* failing(): AsyncGenerator<Buffer> {
    await Promise.resolve();
    throw new Error("the source broke");
  }
  await expect(here.write("file", failing())).rejects.toThrow(/cannot write hdfs:\/\/.*file/);
  expect((await here.read("file")).toString()).toBe("whole");
  expect(await here.list("")).toEqual(["file"]);
});

test("what is missing is an empty list, nothing to remove, and an error to read", async () => {
  const here = store();
  expect(await here.list("none")).toEqual([]);
  await here.remove("none");
  await expect(here.read("none")).rejects.toThrow(/cannot read hdfs:.*none: it does not exist/);
  await here.write("file", "x");
  await expect(here.makeFolder("file")).rejects.toThrow(/cannot create the folder .*file/);
});

test("a NameNode in safe mode is told at once and once, waited for, and an error only if it stays", async () => {
  const path = `/${uniqueName("safe")}`;
  const notices: string[] = [];
  const here = store(path, { notify: (notice) => notices.push(notice) });
  await here.makeFolder("folder");
  await command("dfsadmin", "-safemode", "enter");
  let writes: Promise<void>[];
  try {
    const impatient = store(path, { patienceMs: 1_500 });
    await expect(impatient.write("file", "x")).rejects.toThrow(
      /cannot write .*file: .*safe mode.*dfsadmin -safemode leave/,
    );
    writes = ["a", "b", "c"].map((name) => here.write(name, "x"));
    await expect.poll(() => notices.length, { timeout: 5_000 }).toBe(1);
    await expect(here.list("folder")).resolves.toEqual([]); // reading works in safe mode
  } finally {
    await command("dfsadmin", "-safemode", "leave");
  }
  await Promise.all(writes);
  expect(await here.list("")).toEqual(["a", "b", "c", "folder"]);
  expect(notices).toEqual([
    expect.stringMatching(/^HDFS: the NameNode is in safe mode, .*\(trying again for 60 s\)$/),
  ]);
});

test("a quota that is used up names the folder and the command that lifts it, which then helps", async () => {
  for (const [set, value, message] of [
    ["-setQuota", "2", /quota of files and folders of (\/\S+) is used up .*dfsadmin (-clrQuota) /],
    ["-setSpaceQuota", "1m", /space quota of (\/\S+) is used up .*dfsadmin (-clrSpaceQuota) /],
  ] as const) {
    const path = `/${uniqueName("quota")}`;
    const here = store(path);
    await here.makeFolder("folder");
    await command("dfsadmin", set, value, path);
    const failure = await here.write("folder/file", "x").then(() => "written", String);
    expect(failure).toMatch(message);
    const [, folder, remedy] = message.exec(failure)!;
    expect(folder).toBe(path);
    await command("dfsadmin", remedy!, folder!);
    await here.write("folder/file", "x");
  }
});

test("a DataNode and a NameNode that are killed and started again during writes are waited for", async () => {
  const notices: string[] = [];
  const here = store(undefined, { notify: (notice) => notices.push(notice) });
  for (const name of ["datanode", "namenode"] as const) {
    const content = Buffer.alloc(10_000_000, 3);
    const files = Array.from({ length: 12 }, (_, index) => `${name}-${index}`);
    const restarted = new Promise((resolve) => setTimeout(resolve, 60))
      .then(() => killService(name))
      .then(() => stack.start("namenode"))
      .then(() => stack.start("datanode"));
    for (const file of files) await here.write(file, content);
    await restarted;
    for (const file of files) expect((await here.read(file)).equals(content), file).toBe(true);
  }
  for (const notice of notices) expect(notice).toMatch(/^HDFS(?!: HDFS).*trying again for 60 s/);
});

test("a DataNode and a NameNode killed during writes are clear errors where nobody waits, and the files are whole when they are back", async () => {
  const here = store(undefined, { patienceMs: 1_000 });
  await here.write("before", "kept");
  for (const name of ["datanode", "namenode"] as const) {
    const content = Buffer.alloc(30_000_000, 3);
    const writes = Array.from({ length: 40 }, (_, index) => `${name}-${index}`);
    const failures: unknown[] = [];
    const killed = new Promise((resolve) => setTimeout(resolve, 60)).then(() => killService(name));
    for (const file of writes) {
      await here.write(file, content).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) break;
    }
    await killed;
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(LabError);
    expect(String(failures[0])).toMatch(/cannot write hdfs:.*stack\.ts (up hdfs|status)/);
    await stack.start("namenode");
    await stack.start("datanode");
    expect((await here.read("before")).toString()).toBe("kept");
    for (const file of (await here.list("")).filter((each) => each.startsWith(name))) {
      expect((await here.read(file)).equals(content)).toBe(true);
    }
    await here.write(`${name}-0`, "again");
    expect((await here.read(`${name}-0`)).toString()).toBe("again");
  }
});

/** A server in HDFS's place that answers everything alike. */
async function impostor(answer: RequestListener) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const location = { host: "127.0.0.1", httpPort: port, rpcPort: 1, path: "/x" };
  return hdfsStore(location, false, { patienceMs: 0 });
}

test("an outage is waited for with content that can be read again, piece by piece too, and not with a stream", async () => {
  const location = { host: "127.0.0.1", httpPort: 1, rpcPort: 1, path: "/x" };
  async function* pieces() {
    yield await Promise.resolve("piece");
  }
  for (const [content, isRepeated] of [
    ["whole", true],
    [{ [Symbol.asyncIterator]: pieces }, true],
    [pieces(), false],
    [Readable.from(["piece"]), false],
  ] as const) {
    const notices: string[] = [];
    const options = { notify: (notice: string) => notices.push(notice), patienceMs: 1_500 };
    await expect(hdfsStore(location, true, options).write("file", content)).rejects.toThrow(
      LabError,
    );
    expect(notices.length > 0).toBe(isRepeated);
  }
});

test("an error page is never taken for content or success, whatever the status", async () => {
  for (const [status, body, message] of [
    [503, "<html>busy</html>", /HTTP status 503/],
    [
      403,
      '{"RemoteException":{"exception":"AccessControlException","message":"Permission denied: user=x"}}',
      /Permission denied/,
    ],
    [500, "oops", /HTTP status 500/],
    [404, "<html>no webhdfs</html>", /is not WebHDFS/],
    [200, "<html>a proxy's page</html>", /is not WebHDFS/],
    [200, '{"boolean":false}', /is not WebHDFS/],
  ] as const) {
    const there = await impostor((_, response) => response.writeHead(status).end(body));
    const failing = [there.read("file"), there.write("file", "x")];
    for (const failure of failing) {
      await expect(failure, `${status} ${body}`).rejects.toThrow(LabError);
    }
    await expect(there.read("file")).rejects.toThrow(message);
    await expect(there.makeFolder("folder")).rejects.toThrow(/cannot create the folder/);
  }
});

test("nobody there, and no answer, are errors that name the operation and the path", async () => {
  const location = { host: "127.0.0.1", httpPort: 1, rpcPort: 1, path: "/x" };
  const nobody = hdfsStore(location, true, { patienceMs: 1_000 });
  await Promise.all([
    expect(nobody.read("file")).rejects.toThrow(
      /cannot read hdfs:.*\/x\/file: HDFS at .* is not running: .*stack\.ts up hdfs/,
    ),
    expect(nobody.write("file", "")).rejects.toThrow(
      /cannot write hdfs:.*\/x\/file: HDFS at .* is not running/,
    ),
    expect(nobody.list("folder")).rejects.toThrow(
      /cannot list hdfs:.*\/x\/folder: HDFS at .* is not running/,
    ),
    expect(nobody.makeFolder("folder")).rejects.toThrow(/cannot create the folder/),
    expect(nobody.remove("file")).rejects.toThrow(/cannot remove/),
  ]);
  const silent = await impostor(() => {});
  await Promise.all([
    expect(silent.read("file")).rejects.toThrow(/cannot read .*no answer in time/),
    expect(silent.list("folder")).rejects.toThrow(/cannot list .*no answer in time/),
    expect(silent.write("file", "x")).rejects.toThrow(/cannot write .*no answer in time/),
  ]);
});

test("a file's blocks on the DataNode's disk, one after the other, are the file", async () => {
  const url = `http://127.0.0.1:${hdfs.httpPort}/webhdfs/v1/${uniqueName("blocks")}`;
  const content = Buffer.alloc(2_500_000, "0123456789abcdef\n");
  const create = `${url}?op=CREATE&blocksize=1048576&user.name=lab&noredirect=true`;
  const { Location } = (await axios.put<{ Location: string }>(create)).data;
  const headers = { "content-type": "application/octet-stream" };
  await axios.put(Location, content, { headers, maxBodyLength: Infinity });

  const { data } = await axios.get<{
    LocatedBlocks: { locatedBlocks: { block: { blockId: number } }[] };
  }>(`${url}?op=GET_BLOCK_LOCATIONS`);
  const disk = join(stack.places.data, "hadoop/data");
  const pieces = await Promise.all(
    data.LocatedBlocks.locatedBlocks.map(({ block }) => readBlock(disk, block.blockId)),
  );
  expect(pieces.map(({ length }) => length)).toEqual([1_048_576, 1_048_576, 402_848]);
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
});
