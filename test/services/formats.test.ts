import avro from "avsc";
import { expect, test } from "vitest";
import {
  REASONS,
  SCHEMA_REASONS,
  parseEvent,
  priceMessage,
  readEvent,
  textOf,
  valueOf,
  type Message,
  type Value,
} from "../../labs/event.js";
import { priceEventVersions } from "../../labs/course/lesson/price-event-versions.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { memoryLog } from "../../labs/log/memory.js";
import type { EventLog } from "../../labs/log/log.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import { openPriceFormat } from "../../labs/schema/price-format.js";
import { priceEventSchema } from "../../labs/schema/formats.js";
import { openRegistry } from "../../labs/schema/registry.js";
import { addHeader } from "../../labs/schema/wire-format.js";
import { ownAddresses } from "../../labs/shared/config.js";
import { formatTime } from "../../labs/shared/time.js";
import { seededRandom } from "../../labs/source/market.js";
import { connectSpark } from "../../labs/spark/client.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { PRODUCT_NAMES, readAll, type Product } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { memoryStore } from "../support/memory-store.js";
import { nothing } from "../support/source.js";
import { brokers, config, hdfs, remote, uniqueName } from "./environment.js";
import { CASES, byWindow, expectSameRows, tape } from "./referee.js";

const ROOT = process.cwd();
const registry = openRegistry(ownAddresses(config.stack).registry);
const inAvro = await openPriceFormat("avro", registry, ROOT);
const inText = await openPriceFormat("json-schema", registry, ROOT);
const SCHEMA = await priceEventSchema("avro");
const VERSIONS = priceEventVersions(SCHEMA);

/** Registers a schema that other writers use, and returns how they write. */
async function otherWriter(schema: object): Promise<(value: unknown) => Buffer> {
  const text = JSON.stringify(schema);
  const id = await registry.register(uniqueName("writer"), { type: "AVRO", text });
  const type = avro.Type.forSchema(schema as avro.Schema);
  return (value) => addHeader(id, type.toBuffer(value));
}

/** Every format in turn: plain JSON, three versions in Avro, and JSON with the id of its schema. */
async function mixedWriter(): Promise<(message: Message, index: number) => Message<Value>> {
  const [, second, third] = [
    undefined,
    await otherWriter(VERSIONS[1]),
    await otherWriter(VERSIONS[2]),
  ];
  return (message, index) => {
    const event = parseEvent(message.value, message.timestampMs);
    if (typeof event === "string" || index % 5 === 0) return message;
    if (index % 5 === 1) return inAvro.encode(message);
    if (index % 5 === 2) return inText.encode(message);
    const { asset, priceUsd, eventTimeMs } = event;
    const row = { asset, price_usd: priceUsd, price: priceUsd, event_time: eventTimeMs };
    const write = index % 5 === 3 ? second : third;
    return { ...message, value: write({ ...row, venue: "northgate", event_id: String(index) }) };
  };
}

type Query = Parameters<typeof runPipeline>[1];

async function runOurs(
  log: EventLog,
  query: Omit<Query, "triggerMs">,
  store: Store,
): Promise<void> {
  await runPipeline(
    { source: nothing, log, store, checkpoint: await openCheckpoint(store, log.topic, {}) },
    { ...query, triggerMs: 1_000, appendFirst: true },
    new AbortController().signal,
  );
}

async function runSparks(log: EventLog, query: Omit<Query, "triggerMs">): Promise<Store> {
  const store = hdfsStore({ ...hdfs, path: `/${log.topic}/spark` }, true);
  const session = connectSpark(remote);
  await runSparkPipeline(
    { source: nothing, log, format: inAvro, session, store },
    { ...query, brokers, topic: log.topic, root: store.root },
    { triggerMs: 1_000 },
    new AbortController().signal,
  );
  session.close();
  return store;
}

/** The rows of a product, sorted, without the name of the topic. */
async function rowsOf(store: Store, product: Product): Promise<string[]> {
  const rows = await readAll(store, product);
  return rows.map((row) => JSON.stringify({ ...row, topic: "" })).sort();
}

test.each(CASES)(
  "a topic of all formats and versions gives the products of JSON, on both engines: $name",
  async (chosen) => {
    const { partitions, batchSize, windowMs, slideMs, delayMs, changeThreshold } = chosen;
    const messages = tape(chosen);
    const query = { windows: { windowMs, slideMs }, delayMs, changeThreshold, batchSize };

    const json = memoryStore();
    const jsonLog = memoryLog(partitions);
    await jsonLog.append(messages);
    await runOurs(jsonLog, query, json);

    const log = await openKafkaLog({ brokers, topic: uniqueName("mixed"), partitions });
    await log.append(messages.map(await mixedWriter()));
    const ours = hdfsStore({ ...hdfs, path: `/${log.topic}/ours` }, true);
    await runOurs(log, { ...query, decoder: inText.decoder }, ours);
    for (const product of PRODUCT_NAMES) {
      const rows = await rowsOf(ours, product);
      expect(rows, product).toEqual(await rowsOf(json, product));
      if (product !== "alerts") expect(rows.length, product).toBeGreaterThan(0);
    }

    const sparks = await runSparks(log, query);
    for (const product of ["prices", "latest", "rejected"] as const) {
      expect(await rowsOf(sparks, product), product).toEqual(await rowsOf(json, product));
    }
    for (const product of ["windows", "changes"] as const) {
      const rows = (await readAll(json, product)).sort(byWindow);
      expectSameRows(rows, (await readAll(sparks, product)).sort(byWindow));
    }
    await log.close();
  },
);

const ARRIVAL_MS = Date.UTC(2025, 0, 1, 10);
const EVENT = priceMessage("bitcoin", 94_000.5, formatTime(ARRIVAL_MS - 500), ARRIVAL_MS);

/** Records with schema ids that are wrong in some way, or nearly. */
async function hostileValues(count: number): Promise<Buffer[]> {
  const random = seededRandom(11);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const writers = await Promise.all(VERSIONS.map(otherWriter));
  const renamed = JSON.parse(SCHEMA.replace('"price_usd"', '"cost"')) as object;
  const costs = await otherWriter(renamed);
  const texts = await otherWriter({ type: "string" });
  const schema = JSON.parse(SCHEMA) as { fields: object[] };
  /** Has a field that Spark does not decode, but skips. */
  const lists = await otherWriter({
    ...schema,
    fields: [...schema.fields, { name: "list", type: { type: "array", items: "int" } }],
  });
  const bombs = await otherWriter({
    ...schema,
    fields: [...schema.fields, { name: "list", type: { type: "array", items: "null" } }],
  });
  const whole = (write: (value: unknown) => Buffer): Buffer => {
    const asset = pick([
      "bitcoin",
      "",
      " ",
      "\u00a0",
      "größe",
      "₿",
      "💥".repeat(128),
      "a".repeat(129),
      "\ufffd",
      "\0",
      "x\0",
      "x\\ud800",
    ]);
    const price = pick([
      1,
      0,
      -0,
      -1,
      NaN,
      Infinity,
      -Infinity,
      5e-324,
      1e12,
      999_999_999_999.9,
      random(),
    ]);
    const time = pick([
      ARRIVAL_MS,
      0,
      -1,
      1,
      ARRIVAL_MS + 86_400_000,
      ARRIVAL_MS + 86_400_001,
      2 ** 52 - 1,
      1 - 2 ** 52,
      253_402_300_800_000,
    ]);
    const row = { asset, price_usd: price, price, event_time: time, venue: "", event_id: null };
    return write(row);
  };
  /** The header of a record, then other bytes. */
  const withBytes = (hex: string) =>
    Buffer.concat([
      writers[0]!({ asset: "", price_usd: 1, event_time: 0 }).subarray(0, 5),
      Buffer.from(hex, "hex"),
    ]);
  const price = "000000000000f03f";
  const fixed = [
    Buffer.from([0]),
    Buffer.from([0, 0, 0, 0]),
    Buffer.from([0, 0, 0, 0, 0]),
    addHeader(2 ** 32 - 1, Buffer.from("{}")),
    addHeader(inText.schemaId, Buffer.alloc(0)),
    addHeader(inText.schemaId, Buffer.from("{}")),
    addHeader(inText.schemaId, Buffer.from("\ufeff" + EVENT.value)),
    addHeader(inText.schemaId, Buffer.from([0, ...Buffer.from(EVENT.value)])),
    addHeader(inText.schemaId, Buffer.from(EVENT.value.replace("bitcoin", "\u{ff}"), "latin1")),
    addHeader(inText.schemaId, Buffer.from(EVENT.value)),
    addHeader(inAvro.schemaId, Buffer.from(EVENT.value)),
    costs({ asset: "bitcoin", cost: 1, event_time: ARRIVAL_MS }),
    texts("bitcoin"),
    lists({ asset: "bitcoin", price_usd: 1, event_time: ARRIVAL_MS, list: [1, 2, 3] }),
    bombs({ asset: "bitcoin", price_usd: 1, event_time: ARRIVAL_MS, list: [null] }),
    withBytes(`0e${Buffer.from("x\\ud800").toString("hex")}${price}00`),
    withBytes("00".repeat(40_000)),
    withBytes(""),
    withBytes(`01${price}00`), // a length below zero
    withBytes(`ffffffffffffffffff01${price}00`), // the smallest length
    withBytes(`feffffffffffffffff01${price}00`), // the largest
    withBytes("8084af5f"), // of 100 MB, for which Java would take memory
    withBytes("eeffffff0f"), // of 2 GB
    withBytes(`0261${price}ffffffffffffffffff01`), // the smallest long
    withBytes(`0261${price}feffffffffffffffff01`), // the largest
    withBytes(`0261${price}8180808080808010`), // −2⁵² − 1
    withBytes(`0261${price}ffffffffffffffffff7f`), // more than a long
    withBytes(`0261${price}ffffffffffffffffffff01`), // eleven bytes
    withBytes(`0261${price}808000`), // a zero in three bytes
    withBytes(`02ff${price}00`), // no UTF-8
    withBytes(`06eda080${price}00`), // a surrogate in UTF-8
    withBytes(`0261${price}00ffff`), // bytes that follow
  ];
  const cut = (bytes: Buffer) => bytes.subarray(0, 1 + Math.floor(random() * bytes.length));
  /** Changes or inserts a byte, in the header or after it. */
  function damaged(bytes: Buffer): Buffer {
    const at = 1 + Math.floor(random() * (bytes.length - 1));
    const kept = random() < 0.5 ? at : at + 1;
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([random() * 256]),
      bytes.subarray(kept),
    ]);
  }
  const mutated = Array.from({ length: count }, () => {
    const chance = random();
    if (chance < 0.3) return whole(pick(writers));
    if (chance < 0.5) return cut(whole(pick(writers)));
    return damaged(whole(pick(writers)));
  });
  return [...fixed, ...mutated];
}

test("Spark and our engine agree on every record with a schema id, however hostile", async () => {
  const values = await hostileValues(4_000);
  const log = await openKafkaLog({ brokers, topic: uniqueName("hostile-schemas"), partitions: 1 });
  await log.append(values.map((value) => ({ key: "", value, timestampMs: ARRIVAL_MS })));
  const query = {
    windows: { windowMs: 10_000, slideMs: 10_000 },
    delayMs: 0,
    changeThreshold: 0,
    batchSize: 3_000,
  };
  const sparks = await runSparks(log, query);
  const rejected = new Map((await readAll(sparks, "rejected")).map((row) => [row.offset, row]));
  const differences: string[] = [];
  const events: string[] = [];
  const reasons = new Set<string>();
  for (const [offset, value] of values.entries()) {
    const found = await readEvent(valueOf(value), ARRIVAL_MS, inAvro.decoder());
    const row = rejected.get(offset);
    const reason = typeof found === "string" ? found : undefined;
    if (reason === undefined) {
      const { asset, priceUsd, eventTimeMs } = found as Exclude<typeof found, string>;
      events.push(
        JSON.stringify({ asset, price_usd: priceUsd, event_time: eventTimeMs, topic: "" }),
      );
    } else reasons.add(reason);
    if (row?.reason !== reason || (row !== undefined && row.raw !== textOf(value))) {
      differences.push(
        `${textOf(value)}: ours ${reason ?? JSON.stringify(found)}, Spark ${row?.reason ?? "an event"}`,
      );
    }
  }
  expect(differences.join("\n")).toBe("");
  expect(await rowsOf(sparks, "prices")).toEqual(events.sort());
  const { needsRegistry, ...possible } = SCHEMA_REASONS;
  expect([...reasons]).toEqual(expect.arrayContaining(Object.values(possible)));
  expect(reasons).toContain(REASONS.priceTooLow);
  expect(reasons).not.toContain(needsRegistry);
  await log.close();
});
