import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import avro from "avsc";
import { expect, test } from "vitest";
import { SCHEMA_REASONS, priceMessage } from "../../labs/event.js";
import { priceEventVersions } from "../../labs/course/lesson/price-event-versions.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { memoryLog } from "../../labs/log/memory.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import { openPriceFormat } from "../../labs/schema/price-format.js";
import { priceEventSchema } from "../../labs/schema/formats.js";
import { openRegistry } from "../../labs/schema/registry.js";
import { addHeader } from "../../labs/schema/wire-format.js";
import { ownAddresses } from "../../labs/shared/config.js";
import { formatTime } from "../../labs/shared/time.js";
import { connectSpark } from "../../labs/spark/client.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { readAll, type Product } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { market, runPipelineCommand, start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { memoryStore } from "../support/memory-store.js";
import { products, productsIn } from "../support/products.js";
import { brokenRegistry } from "../support/schema-registry.js";
import { nothing } from "../support/source.js";
import { ENVIRONMENT, brokers, config, hdfs, remote, stack, uniqueName } from "./environment.js";

const ROOT = process.cwd();
const URL = ownAddresses(config.stack).registry;
const registry = openRegistry(URL);

test("on our own engine every format gives the products of JSON, byte for byte", async () => {
  const [json, ...others] = await Promise.all(
    ["json", "avro", "json-schema"].map(async (format) => {
      const out = await temporaryFolder();
      const { code, stderr } = await runPipelineCommand(
        market(out, "--format", format),
        ENVIRONMENT,
      );
      expect(code, stderr).toBe(0);
      return products(out);
    }),
  );
  expect(json!.rejected.length).toBeGreaterThan(0);
  for (const other of others) expect(other).toEqual(json);
});

test("--stack --format avro gives the products of --format json, even if it is killed in the middle", async () => {
  const args = ["--source", "market", "--events", "3000", "--stack"];
  const found = [];
  for (const format of ["json", "avro"]) {
    const path = uniqueName(format);
    const store = hdfsStore({ ...hdfs, path: `/${path}` }, true);
    const command = [...args, "--out", `hdfs:///${path}`, "--format", format];
    if (format === "avro") {
      const { child, result } = start("scripts/run-pipeline.ts", command, ENVIRONMENT);
      const commits = () => store.list("checkpoint/windows/commits");
      await expect.poll(commits, { timeout: 60_000 }).toContain("0");
      child.kill("SIGKILL");
      expect((await result).signal).toBe("SIGKILL");
    }
    const { code, stderr } = await runPipelineCommand(command, ENVIRONMENT);
    expect(code, stderr).toBe(0);
    const all = await productsIn(store);
    const rows = (product: Product) =>
      all[product].map((row) => JSON.stringify({ ...row, topic: "" })).sort();
    found.push(Object.keys(all).map((product) => rows(product as Product)));
  }
  expect(found[0]!.flat().length).toBeGreaterThan(3_000);
  expect(found[1]).toEqual(found[0]);
});

test("killed many times, and with the registry away for a while, nothing is lost and nothing comes twice", async () => {
  const quiet = await temporaryFolder();
  const killed = await temporaryFolder();
  expect((await runPipelineCommand(market(quiet))).code).toBe(0);
  const commits = async () =>
    (await readdir(join(killed, "checkpoint/commits")).catch((): string[] => [])).length;
  const notices: string[] = [];
  let kills = 0;
  for (let ended = false; !ended;) {
    const before = await commits();
    const isAway = kills === 2;
    if (isAway) await stack.stop("registry");
    const { child, result } = start(
      "scripts/run-pipeline.ts",
      market(killed, "--format", "avro"),
      ENVIRONMENT,
    );
    void result.then(() => (ended = true));
    if (isAway) {
      await sleep(2_000);
      await stack.start("registry");
    }
    while (!ended && kills < 6 && (await commits()) === before) await sleep(2);
    await sleep(Math.random() * 60);
    if (!ended && kills < 6) child.kill("SIGKILL");
    const { code, signal, stderr } = await result;
    notices.push(stderr);
    ended = signal !== "SIGKILL";
    if (ended) expect(code, stderr).toBe(0);
    else kills++;
  }
  expect(kills).toBeGreaterThan(3);
  expect(notices.join("\n")).toMatch(/registry at .*; trying for 60 s .*stack\.ts up registry/);
  expect(await products(killed)).toEqual(await products(quiet));
});

test("a registry that refuses the schema, or is another server, ends the run with one line and exit code 1", async () => {
  const { url, answer } = await brokenRegistry();
  const environment = { SCHEMA_REGISTRY_URL: `${url}/api` };
  const refusal = '{"error_code":409,"message":"not compatible"}';
  const answers = { 401: "{}", 404: "<html>nothing</html>", 409: refusal };
  for (const [status, body] of Object.entries(answers)) {
    answer(Number(status), body);
    const out = await temporaryFolder();
    const args = market(out, "--format", "avro");
    const { code, stdout, stderr } = await runPipelineCommand(args, environment);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(new RegExp(`^a schema of lab\\.PriceEvent: .*answered ${status}.*\n$`));
    expect(stderr).not.toContain("hidden");
    expect(await readdir(out)).toEqual([]);
  }
  const { code, stderr } = await runPipelineCommand(market("x", "--format", "avro"), {
    SCHEMA_REGISTRY_URL: "registry:8081",
  });
  expect(code).toBe(2);
  expect(stderr).toContain(
    "SCHEMA_REGISTRY_URL must be a URL that begins with https:// or http://",
  );
});

test("a run goes on only with the registry that it began with, and --fresh removes nothing if the registry refuses", async () => {
  const out = await temporaryFolder();
  const args = market(out, "--format", "avro");
  expect((await runPipelineCommand(args, ENVIRONMENT)).code).toBe(0);
  const before = await products(out);
  const { url, answer } = await brokenRegistry();
  answer(200, '{"id":987}');
  const other = await runPipelineCommand(args, { SCHEMA_REGISTRY_URL: url });
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(/the id of the schema was \d+, now 987 \(is it the same schema reg/);
  answer(401, "{}");
  const fresh = await runPipelineCommand([...args, "--fresh"], { SCHEMA_REGISTRY_URL: url });
  expect(fresh.code).toBe(1);
  expect(fresh.stderr).toContain("check the user and the password in SCHEMA_REGISTRY_URL");
  expect(await products(out)).toEqual(before);
});

const TIME_MS = Date.UTC(2025, 0, 1, 10);
const plain = priceMessage("bitcoin", 1, formatTime(TIME_MS), TIME_MS);

/** A record of the third version, whose schema is registered only now. */
async function newRecord(priceUsd: number) {
  const third = priceEventVersions(await priceEventSchema("avro"))[2];
  const schema = { ...third, doc: uniqueName("of this test alone") };
  const subject = uniqueName("new");
  const text = JSON.stringify(schema);
  const id = await registry.register(subject, { type: "AVRO", text });
  const row = { asset: "bitcoin", price: priceUsd, event_time: TIME_MS, venue: "", event_id: null };
  const value = addHeader(id, avro.Type.forSchema(schema as avro.Schema).toBuffer(row));
  return { subject, message: { ...plain, value } };
}

const QUERY = {
  windows: { windowMs: 10_000, slideMs: 10_000 },
  delayMs: 0,
  changeThreshold: 0,
  batchSize: 1_000,
};

test("a running job of Spark takes up a schema that is registered under it, and rejects an id that is not", async () => {
  const format = await openPriceFormat("avro", registry, ROOT);
  const log = await openKafkaLog({ brokers, topic: uniqueName("new-schema"), partitions: 2 });
  const store = hdfsStore({ ...hdfs, path: `/${log.topic}` }, true);
  const session = connectSpark(remote);
  const stop = new AbortController();
  const notices: string[] = [];
  await log.append([plain, format.encode({ ...plain, value: plain.value.replace(":1,", ":2,") })]);
  const priceRows = async () => (await readAll(store, "prices")).map((row) => row.price_usd).sort();
  const running = runSparkPipeline(
    { source: nothing, log, format, session, store, notify: (notice) => notices.push(notice) },
    { ...QUERY, brokers, topic: log.topic, root: store.root },
    { triggerMs: 500, follow: true },
    stop.signal,
  );
  await expect.poll(priceRows, { timeout: 60_000 }).toEqual([1, 2]);
  const { message } = await newRecord(3);
  await log.append([message, { ...plain, value: addHeader(2 ** 31, Buffer.from("?")) }]);
  await expect.poll(priceRows, { timeout: 60_000 }).toEqual([1, 2, 3]);
  stop.abort();
  const { totals } = await running;
  expect(totals).toMatchObject({ events: 3, rejected: 1 });
  expect(notices).toContain(
    "the topic has a record with a new schema: Spark starts its queries again with it",
  );
  expect(await readAll(store, "rejected")).toMatchObject([
    { reason: SCHEMA_REASONS.schemaUnknown, raw: "0x00800000003f", partition: 0, offset: 3 },
  ]);
  expect(await readAll(store, "latest")).toMatchObject([{ asset: "bitcoin", price_usd: 3 }]);
  session.close();
  await log.close();
});

test("a schema whose subject is deleted under a run stays readable, for later runs too, because the registry keeps its id", async () => {
  const { subject, message } = await newRecord(7);
  const { decoder } = await openPriceFormat("avro", registry, ROOT);
  const log = memoryLog(1);
  await log.append([message]);
  async function run(store: Store, reader: typeof decoder) {
    await runPipeline(
      { source: nothing, log, store, checkpoint: await openCheckpoint(store, log.topic, {}) },
      { ...QUERY, decoder: reader, triggerMs: 1_000, appendFirst: true },
      new AbortController().signal,
    );
    return productsIn(store);
  }
  expect((await run(memoryStore(), decoder)).prices).toHaveLength(1);
  await registry.deleteSubject(subject);
  expect((await run(memoryStore(), decoder)).prices).toHaveLength(1);
  const later = await openPriceFormat("avro", openRegistry(URL), ROOT);
  expect((await run(memoryStore(), later.decoder)).prices).toHaveLength(1);
});
