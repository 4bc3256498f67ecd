import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Summary } from "../../labs/view/report/summary.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { readAll } from "../../labs/store/products.js";
import { start, type Result } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { receiver } from "../support/receiver.js";
import { ENVIRONMENT, hdfs, stack, uniqueName, killService } from "./environment.js";
import { products } from "./products.js";

// The whole pipeline from the command line, on the real services, with things killed under it. Whatever happens, the
// same command run again must end with the products of a run that nobody disturbed.

const EVENTS = 6_000;

const pipeline = (out: string, ...more: string[]) =>
  start(
    "scripts/run-pipeline.ts",
    [
      ...["--source", "market", "--events", String(EVENTS), "--batch", "500", "--json"],
      ...["--log", "kafka", "--out", `hdfs://${out}`, ...more],
    ],
    ENVIRONMENT,
  );

const summaryOf = (result: Result) => JSON.parse(result.stdout) as Summary;

async function undisturbed(...more: string[]): Promise<string> {
  const out = `/${uniqueName("quiet")}`;
  const { code, stderr } = await pipeline(out, ...more).result;
  expect(code, stderr).toBe(0);
  return out;
}

test("kill -9 of the pipeline at random, our engine: products and alerts are those of an undisturbed run", async () => {
  const folder = await temporaryFolder();
  const server = await receiver();
  const rules = [
    { name: "moves", kind: "change", percent: 0.3 },
    { name: "odd", kind: "anomaly", every: "1s", window: 10, threshold: 4 },
  ];
  await writeFile(join(folder, "quiet.json"), JSON.stringify({ rules }));
  await writeFile(join(folder, "killed.json"), JSON.stringify({ rules, webhook: server.url }));
  const quiet = await undisturbed("--alerts", join(folder, "quiet.json"));
  const out = `/${uniqueName("killed")}`;
  const store = hdfsStore({ ...hdfs, path: out }, true);
  const commits = async () => (await store.list("checkpoint/commits")).length;
  let kills = 0;
  for (let ended = false; !ended;) {
    const before = await commits();
    const { child, result } = pipeline(out, "--alerts", join(folder, "killed.json"));
    void result.then(() => (ended = true));
    if (kills < 3)
      await sleep(1_000 + Math.random() * 500); // somewhere in the appending
    else while (!ended && kills < 8 && (await commits()) === before) await sleep(5);
    await sleep(Math.random() * 150);
    if (!ended && kills < 8) child.kill("SIGKILL");
    const { code, signal, stderr } = await result;
    ended = signal !== "SIGKILL";
    if (ended) expect(code, stderr).toBe(0);
    else kills++;
  }
  const last = await pipeline(out, "--alerts", join(folder, "killed.json")).result;
  expect(last.code, last.stderr).toBe(0);
  expect(summaryOf(last).ended).toBe(true);
  expect(summaryOf(last).alerts).toBeGreaterThan(5);
  expect(kills).toBeGreaterThan(0);
  expect(server.accepted()).toEqual(await readAll(store, "alerts"));
  expect(await products(out)).toEqual(await products(quiet));
});

test.each(["kafka", "datanode", "namenode"] as const)(
  "%s killed under the pipeline and started again: it waits, and completes identically",
  async (name) => {
    const quiet = await undisturbed();
    const out = `/${uniqueName("faulty")}`;
    onTestFinished(async () => {
      for (const each of ["zookeeper", "kafka", "namenode", "datanode"] as const)
        await stack.start(each);
    });
    const { result } = pipeline(out);
    // Once the run has begun: where a service is away before that, it is not waited for.
    const store = hdfsStore({ ...hdfs, path: out }, true);
    await expect
      .poll(() => store.list("checkpoint"), { timeout: 120_000, interval: 20 })
      .toContain("metadata");
    await sleep(Math.random() * 500);
    await killService(name);
    // Restarted while the pipeline may still be waiting for it.
    await stack.start(name);
    const first = await result;
    expect(first.code, first.stderr).toBe(0);
    await stack.start("datanode");
    const second = await pipeline(out).result;
    expect(second.code, second.stderr).toBe(0);
    expect(await products(out)).toEqual(await products(quiet));
    const verified = await pipeline(out, "--verify").result;
    expect(verified.code, verified.stdout).toBe(0);
  },
);

test("the Spark server killed in the middle of its queries: a clear error, and from the checkpoint the same products", async () => {
  const quiet = await undisturbed("--engine", "spark");
  const out = `/${uniqueName("spark")}`;
  const { child, result } = pipeline(out, "--engine", "spark");
  const store = hdfsStore({ ...hdfs, path: out }, true);
  // In the middle: some batches are complete, others are not.
  await expect
    .poll(async () => (await store.list("checkpoint/windows/commits")).length, { timeout: 120_000 })
    .toBeGreaterThan(2);
  await killService("spark");
  const first = await result;
  child.kill("SIGKILL");
  expect(first.code).toBe(1);
  expect(first.stderr).toMatch(/Spark is not running at .*stack\.ts up spark|Spark refused/);
  await stack.start("spark");
  const second = await pipeline(out, "--engine", "spark").result;
  expect(second.code, second.stderr).toBe(0);
  const [disturbed, expected] = [await products(out), await products(quiet)];
  expect(disturbed).toEqual(expected);
});

test("the DataNode lost under Spark is said in two lines, and later the run completes identically", async () => {
  const quiet = await undisturbed("--engine", "spark");
  const out = `/${uniqueName("spark")}`;
  const { result } = pipeline(out, "--engine", "spark");
  onTestFinished(() => stack.start("datanode"));
  // The first batches may take a while: Spark plans and compiles them.
  const store = hdfsStore({ ...hdfs, path: out }, true);
  await expect
    .poll(async () => (await store.list("checkpoint/windows/commits")).length, { timeout: 120_000 })
    .toBeGreaterThan(1);
  await killService("datanode");
  const first = await result;
  expect(first.code).toBe(1);
  const lines = first.stderr
    .split("\n")
    .filter((line) => !/ events (in the log )?· |[✔❯]|^HDFS: |^Spark is planning |^$/.test(line));
  expect(lines.length, first.stderr).toBeLessThanOrEqual(2);
  expect(lines[0]).toMatch(/(HDFS|DataNode) .*stack\.ts up hdfs/);
  expect(first.stderr).not.toMatch(/^\s+at |\.java:|\.scala:/m);
  await stack.start("datanode");
  const second = await pipeline(out, "--engine", "spark").result;
  expect(second.code, second.stderr).toBe(0);
  expect(await products(out)).toEqual(await products(quiet));
  const verified = await pipeline(out, "--engine", "spark", "--verify").result;
  expect(verified.code, verified.stdout).toBe(0);
});
