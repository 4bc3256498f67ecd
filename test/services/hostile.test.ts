import { expect, test } from "vitest";
import { parseEvent } from "../../labs/event.js";
import { kafkaClient } from "../../labs/log/kafka/client.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { runPipeline } from "../../labs/run/pipeline.js";
import { runSparkPipeline } from "../../labs/run/spark-pipeline.js";
import { connectSpark } from "../../labs/spark/client.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { readAll, type Product } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import {
  KNOWN_RECORDS,
  hostileRecords,
  shownValue,
  type HostileRecord,
} from "../support/hostile.js";
import { nothing } from "../support/source.js";
import { brokers, hdfs, remote, uniqueName } from "./environment.js";

const RECORDS = [...hostileRecords(1, 2_500), ...hostileRecords(2, 2_500), ...KNOWN_RECORDS];
/** Below what a broker takes at once, 1 MiB. */
const MAX_SEND_BYTES = 900_000;

/** Appends records as they are, some without a key, where a message of the lab is always text. */
async function appendRaw(topic: string, records: readonly HostileRecord[]): Promise<void> {
  const producer = kafkaClient({ brokers }).producer();
  await producer.connect();
  for (let next = 0; next < records.length;) {
    const messages = [];
    let bytes = 0;
    do {
      const { value, timestampMs } = records[next]!;
      const key = next % 3 === 0 ? null : Buffer.from([next % 256]);
      messages.push({ key, value, timestamp: String(timestampMs), partition: 0 });
      bytes += (value?.length ?? 0) + 100;
      next++;
    } while (next < records.length && bytes + (records[next]!.value?.length ?? 0) < MAX_SEND_BYTES);
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

/** The rows of a product, each as JSON, sorted; the values of a column that an engine may round are left out. */
async function rowsOf(store: Store, product: Product): Promise<string[]> {
  const rows = await readAll(store, product);
  return rows.map((row) => JSON.stringify({ ...row, avg_price: 0, stddev_price: 0 }, exact)).sort();
}

/** JSON has neither -0 nor Infinity. */
function exact(_: string, value: unknown): unknown {
  return typeof value === "number" && (Object.is(value, -0) || !Number.isFinite(value))
    ? `number ${Object.is(value, -0) ? "-0" : value}`
    : value;
}

test("Spark and our engine agree on every record, however hostile, in every column", async () => {
  const topic = uniqueName("hostile");
  const log = await openKafkaLog({ brokers, topic, partitions: 1 });
  await appendRaw(topic, RECORDS);
  const query = {
    windows: { windowMs: 10_000, slideMs: 5_000 },
    delayMs: 5_000,
    changeThreshold: 0.5,
    batchSize: 3_000,
  };
  const ourStore = hdfsStore({ ...hdfs, path: `/${topic}/ours` }, true);
  const ours = await runPipeline(
    {
      source: nothing,
      log,
      store: ourStore,
      checkpoint: await openCheckpoint(ourStore, topic, {}),
    },
    { ...query, triggerMs: 1_000, appendFirst: true },
    new AbortController().signal,
  );
  const sparkStore = hdfsStore({ ...hdfs, path: `/${topic}/spark` }, true);
  const session = connectSpark(remote);
  const sparks = await runSparkPipeline(
    { source: nothing, log, session, store: sparkStore },
    { ...query, brokers, topic, root: sparkStore.root },
    { triggerMs: 1_000 },
    new AbortController().signal,
  );
  session.close();
  await log.close();

  // Record by record first, so that a difference names its record.
  const rejected = async (store: Store) =>
    new Map((await readAll(store, "rejected")).map((row) => [row.offset, row]));
  const [ourRejected, sparkRejected] = [await rejected(ourStore), await rejected(sparkStore)];
  const differences = RECORDS.flatMap((record, offset) => {
    const our = ourRejected.get(offset);
    const spark = sparkRejected.get(offset);
    const columns = ["topic", "partition", "reason", "raw"] as const;
    if (columns.every((column) => our?.[column] === spark?.[column])) return [];
    const shown = [our, spark].map((row) => JSON.stringify(row)?.slice(0, 400) ?? "an event");
    return [`${record.name}: ${shownValue(record)}\n  ours:  ${shown[0]}\n  Spark: ${shown[1]}`];
  });
  expect(differences.join("\n")).toBe("");
  expect(sparkRejected.size).toBe(await readAll(sparkStore, "rejected").then((all) => all.length));
  expect(ourRejected.size).toBeGreaterThan(1_000);

  // Both take the same records for events: do they also read the same in them?
  const sparkPrices = new Set(await rowsOf(sparkStore, "prices"));
  const misread = RECORDS.filter(({ value, timestampMs }) => {
    const event = parseEvent(value?.toString() ?? "", timestampMs);
    if (typeof event === "string") return false;
    const { asset, priceUsd, eventTimeMs } = event;
    const row = { asset, price_usd: priceUsd, event_time: eventTimeMs };
    return !sparkPrices.has(JSON.stringify({ ...row, avg_price: 0, stddev_price: 0 }, exact));
  });
  expect(misread.map((record) => `${record.name}: ${shownValue(record)}`).join("\n")).toBe("");

  for (const product of ["prices", "windows", "changes", "latest", "rejected"] as const) {
    const rows = await rowsOf(sparkStore, product);
    expect(await rowsOf(ourStore, product), product).toEqual(rows);
    expect(rows.length, product).toBeGreaterThan(3);
  }
  expect(sparks.totals).toEqual({ ...ours.totals, lateEvents: null });
  expect(sparks.openWindows).toBe(ours.openWindows);
  expect(sparks.watermarkMs).toBe(ours.watermarkMs);
}, 480_000);
