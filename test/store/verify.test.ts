import { appendFile, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAlertRules } from "../../labs/alert/rules.js";
import { LabError } from "../../labs/shared/errors.js";
import { openFileLog } from "../../labs/log/file.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import { market } from "../../labs/source/market.js";
import { localStore } from "../../labs/store/local.js";
import { checkedStore } from "../../labs/store/manifest.js";
import { encodeParquet } from "../../labs/store/parquet.js";
import {
  PRICE_COLUMNS,
  PRODUCT_NAMES,
  committedFiles,
  readAll,
} from "../../labs/store/products.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { verifyStore } from "../../labs/run/verify.js";
import { temporaryFolder } from "../support/folder.js";

const TOPIC = "t";
const store = (folder: string) => localStore(folder, { sync: false });

/** The output of a run, with something in every product. */
async function output(): Promise<string> {
  const folder = await temporaryFolder();
  const log = await openFileLog(join(folder, "log"), TOPIC, 2, () => {}, { sync: false });
  const checkpoint = await openCheckpoint(store(folder), TOPIC, { engine: "ts" });
  const rules = [{ name: "moves", kind: "change", percent: 0.05 }];
  await runPipeline(
    { source: market({ seed: 1, events: 4_000 }), log, checkpoint, store: store(folder) },
    {
      windows: { windowMs: 4_000, slideMs: 2_000 },
      delayMs: 1_000,
      changeThreshold: 0.05,
      batchSize: 800,
      triggerMs: 1_000,
      alertRules: parseAlertRules(JSON.stringify({ rules }), "rules").rules,
    },
    new AbortController().signal,
  );
  await log.close();
  return folder;
}

async function filesOf(folder: string): Promise<string[]> {
  const lists = PRODUCT_NAMES.map(async (product) =>
    (await readdir(join(folder, product))).map((name) => `${product}/${name}`),
  );
  return (await Promise.all(lists)).flat().sort();
}

test("products as they were committed have no problems, and the counts are theirs", async () => {
  const folder = await output();
  const { products, problems, passedOver } = await verifyStore(store(folder));
  expect(problems).toEqual([]);
  expect(passedOver).toEqual([]);
  for (const { product, files, rows } of products) {
    expect(files, product).toBe((await readdir(join(folder, product))).length);
    expect(rows, product).toBe((await readAll(store(folder), product)).length);
    expect(rows, product).toBeGreaterThan(0);
  }
});

test("any damage to any file is found, and that file alone is named", async () => {
  const folder = await output();
  const files = await filesOf(folder);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.constantFrom("flip", "cut", "grow", "remove", "add"),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (path, damage, position, change) => {
        const place = join(folder, path);
        const whole = await readFile(place);
        const at = position % whole.length;
        const added = join(folder, path.replace(/(\w+)\.(\w+)$/, "part-00009999.$2"));
        let problem: RegExp;
        switch (damage) {
          case "flip": {
            const flipped = Buffer.from(whole);
            flipped[at]! ^= change;
            await writeFile(place, flipped);
            problem = /^changed: its checksum is \w{8} instead of \w{8}/;
            break;
          }
          case "cut":
            await writeFile(place, whole.subarray(0, at));
            problem = new RegExp(`^truncated: ${at} of ${whole.length} bytes`);
            break;
          case "grow":
            await appendFile(place, "x");
            problem = /^changed: \d+ bytes instead of \d+/;
            break;
          case "remove":
            await rm(place);
            problem = /^missing/;
            break;
          default:
            await writeFile(added, whole);
            problem = /^not committed/;
        }
        const { problems } = await verifyStore(store(folder));
        await rm(added, { force: true });
        await writeFile(place, whole);
        expect(problems).toEqual([
          {
            path: damage === "add" ? added.slice(folder.length + 1) : path,
            problem: expect.stringMatching(problem) as string,
            remedy:
              damage === "add" ? "remove" : path.startsWith("latest/") ? "continue" : "restore",
          },
        ]);
      },
    ),
    { numRuns: 60 },
  );
  expect((await verifyStore(store(folder))).problems).toEqual([]);
});

test("files of a batch that was begun but not committed are named as such", async () => {
  const folder = await output();
  const commits = (await readdir(join(folder, "checkpoint/commits"))).map(Number);
  const last = Math.max(...commits);
  await rm(join(folder, `checkpoint/commits/${last}`));
  const { problems } = await verifyStore(store(folder));
  expect(problems.map(({ path }) => path)).toContain(`windows/part-0000000${last}.parquet`);
  for (const { path, problem, remedy } of problems) {
    if (!path.startsWith("latest/")) expect(problem).toMatch(`batch ${last}`);
    expect(remedy).toBe("continue");
  }
});

test("a checkpoint that the next run could not continue from does not pass", async () => {
  const folder = await output();
  const states = (await readdir(join(folder, "checkpoint/state"))).map(Number);
  const path = join(folder, `checkpoint/state/${Math.max(...states)}`);
  const content = await readFile(path);
  content[content.length >> 1]! ^= 1;
  await writeFile(path, content);
  await expect(verifyStore(store(folder))).rejects.toThrow(/state\/\d+ is corrupt .*--fresh/);
});

test("where a folder has no checkpoint, there is nothing to compare with", async () => {
  const folder = await temporaryFolder();
  await expect(verifyStore(store(folder))).rejects.toThrow(/no checkpoint/);
  expect(await readdir(folder)).toEqual([]);
});

test("a checked store refuses what is not as committed: what is missing as well as what is changed", async () => {
  const folder = await output();
  const manifest = await (await openCheckpoint(store(folder), TOPIC)).manifest();
  const checked = checkedStore(store(folder), manifest);
  const rows = await readAll(checked, "windows");
  expect(rows).toEqual(await readAll(store(folder), "windows"));

  const [, first, second] = (await readdir(join(folder, "windows"))).sort();
  const removed = join(folder, "windows", first!);
  const kept = await readFile(removed);
  await rm(removed);
  await expect(readAll(checked, "windows")).rejects.toThrow(
    /windows\/part-\d+\.parquet is missing with its \d+ rows; restore it .*--fresh/,
  );
  await writeFile(removed, kept);
  // Whatever latest/ holds, a run writes it anew.
  await rm(join(folder, "latest/latest.parquet"));
  expect(await checked.list("latest")).toEqual([]);

  const place = join(folder, "windows", second!);
  const content = await readFile(place);
  content[content.length >> 1]! ^= 1;
  await writeFile(place, content);
  await expect(readAll(checked, "windows")).rejects.toThrow(
    /windows\/part-\d+\.parquet is changed: its checksum .*restore it .*--fresh/,
  );
});

test("half a file is an error that names it and says what can be done, whatever the product", async () => {
  const folder = await output();
  for (const product of PRODUCT_NAMES) {
    const [name] = await readdir(join(folder, product));
    const place = join(folder, product, name!);
    const whole = await readFile(place);
    for (const size of [0, 1, whole.length >> 1, whole.length - 1]) {
      await writeFile(place, whole.subarray(0, size));
      const failure = await readAll(store(folder), product).catch((error: unknown) => error);
      // A file of lines without any is one without rows: only the checksum tells.
      if (size === 0 && name!.endsWith(".jsonl")) continue;
      expect(failure, `${product} ${size}`).toBeInstanceOf(LabError);
      expect(String(failure)).toMatch(new RegExp(`${product}/${name} is damaged: .*; restore it`));
    }
    await writeFile(place, whole);
  }
  const [name] = await readdir(join(folder, "alerts"));
  for (const text of ["null\n", "7\n", "{}\n", '{"id":"x"}\n']) {
    await writeFile(join(folder, "alerts", name!), text);
    await expect(readAll(store(folder), "alerts"), text).rejects.toThrow(/is damaged: .*line 1/);
  }
});

/** An output as Spark leaves it: the log of its file sink compacted once, with one file that a cut batch left. */
async function sparkOutput(batches = 12): Promise<string> {
  const folder = await temporaryFolder();
  const there = store(folder);
  await openCheckpoint(there, TOPIC, { engine: "spark" });
  const row = { asset: "a", price_usd: 1, event_time: 0 };
  const lines: string[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const content = await encodeParquet(PRICE_COLUMNS, [row]);
    const name = `part-00000-${batch}%20x.parquet`;
    await there.write(`prices/part-00000-${batch} x.parquet`, content);
    const path = `hdfs://127.0.0.1:8020/out/prices/${name}`;
    const line = JSON.stringify({ path, size: content.length, isDir: false, action: "add" });
    lines.push(line);
    const isCompact = batch % 10 === 9;
    const text = ["v1", ...(isCompact ? lines : [line])].join("\n");
    await there.write(`prices/_spark_metadata/${batch}${isCompact ? ".compact" : ""}`, text);
    await there.write(`checkpoint/prices/commits/${batch}`, "v1\n{}");
  }
  await there.write("prices/part-cut.parquet", "half");
  await there.write("latest/latest.parquet", await encodeParquet(PRICE_COLUMNS, [row]));
  return folder;
}

test("what Spark wrote is held against its own log: presence, size, and whether it can be read", async () => {
  const folder = await sparkOutput();
  const there = store(folder);
  const { products, problems, passedOver } = await verifyStore(there);
  expect(problems).toEqual([]);
  expect(passedOver).toEqual(["prices/part-cut.parquet"]);
  expect(products[0]).toEqual({ product: "prices", files: 12, rows: 12 });

  const whole = await there.read("prices/part-00000-3 x.parquet");
  const flipped = Buffer.from(whole);
  flipped.fill(0, whole.length - 20);
  for (const [path, content, problem] of [
    ["prices/part-00000-3 x.parquet", whole.subarray(1), /^truncated/],
    ["prices/part-00000-3 x.parquet", flipped, /^unreadable/],
    ["prices/part-00000-3 x.parquet", undefined, /^missing/],
    ["latest/latest.parquet", whole.subarray(9), /^unreadable/],
  ] as const) {
    const before = await there.read(path);
    if (content === undefined) await there.remove(path);
    else await there.write(path, content);
    expect((await verifyStore(there)).problems).toEqual([
      {
        path,
        problem: expect.stringMatching(problem) as string,
        remedy: path.startsWith("latest/") ? "continue" : "restore",
      },
    ]);
    await there.write(path, before);
  }
});

test("a damaged log of Spark's sink is named, with what to do", async () => {
  for (const [name, content, message] of [
    ["9.compact", "v1\n{half", /_spark_metadata\/9\.compact names no file in line 2.*--fresh/],
    ["11", "", /_spark_metadata\/11 does not begin with the version/],
    ["10", undefined, /_spark_metadata\/10 is missing/],
  ] as const) {
    const there = store(await sparkOutput());
    if (content === undefined) await there.remove(`prices/_spark_metadata/${name}`);
    else await there.write(`prices/_spark_metadata/${name}`, content);
    await expect(committedFiles(there, "prices"), name).rejects.toThrow(message);
    await expect(verifyStore(there), name).rejects.toThrow(LabError);
  }
  // Its last file: only the checkpoint tells that there was one.
  const there = store(await sparkOutput());
  await there.remove("prices/_spark_metadata/11");
  await expect(verifyStore(there)).rejects.toThrow(/_spark_metadata\/11 is missing/);
});
