import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEvent, type PriceEvent } from "../../labs/event.js";
import { openFileLog } from "../../labs/log/file.js";
import { TOPIC, type EventLog } from "../../labs/log/log.js";
import { sum } from "../../labs/run/pipeline.js";
import { openPriceQuery, type PriceQuerySettings } from "../../labs/run/price-query.js";
import { chunks } from "../../labs/source/chunks.js";
import { market } from "../../labs/source/market.js";
import { localStore } from "../../labs/store/local.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import type { StartedBatch } from "../../labs/stream/query.js";
import { inFolder, inThousands, say } from "./benchmark.js";

export const BATCH = 50_000;
export const PARTITIONS = 3;
export const QUERY = {
  windows: { windowMs: 60_000, slideMs: 10_000 },
  delayMs: 30_000,
  changeThreshold: 0.5,
  batchSize: BATCH,
} satisfies PriceQuerySettings;

/** A simulated market of 100 assets: the same events for every benchmark. */
export function marketMessages(events: number, chunkSize: number) {
  const source = market({ seed: 1, events, assets: 100, eventsPerSecond: 1_000 });
  return chunks(source.messages(new AbortController().signal), () => chunkSize, 60_000);
}

/** A log in a folder that holds the market's events. */
export interface MarketLog {
  folder: string;
  /** The baseline of the timings in memory: a bare JSON.parse of the log's values. */
  parse(): number;
  remove(): Promise<void>;
}

export async function openMarketLog(events: number): Promise<MarketLog> {
  say(`making ${inThousands(events)} market events of 100 assets …`);
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const log = await openFileLog(folder, TOPIC, PARTITIONS);
  for await (const chunk of marketMessages(events, BATCH)) await log.append(chunk);
  await log.close();
  const bytes = await valueBytes(folder);
  return {
    folder,
    parse: () => parseValues(bytes),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** The market's valid events. */
export async function marketEvents(events: number): Promise<PriceEvent[]> {
  const valid: PriceEvent[] = [];
  for await (const chunk of marketMessages(events, BATCH)) {
    for (const { value, timestampMs } of chunk) {
      const event = parseEvent(value, timestampMs);
      if (typeof event !== "string") valid.push(event);
    }
  }
  return valid;
}

/** Bytes of the log → parsed, validated, windowed, checkpointed; the sink drops the rows. */
export async function streamLog(
  folder: string,
  settings: PriceQuerySettings = QUERY,
): Promise<void> {
  await inFolder(async (checkpointFolder) => {
    const log = await openFileLog(folder, TOPIC, PARTITIONS);
    const checkpoint = await openCheckpoint(localStore(checkpointFolder), TOPIC, {});
    const query = await openPriceQuery(log, checkpoint, () => Promise.resolve(), settings);
    await runToEnd(query, log);
    await log.close();
  });
}

/** Runs a query over all records of its log, and then the batch that closes the last windows. */
export async function runToEnd(
  query: Awaited<ReturnType<typeof openPriceQuery>>,
  log: EventLog,
): Promise<void> {
  const total = sum(await log.endOffsets());
  let batch: StartedBatch | undefined;
  while (sum(query.offsets) < total) batch = await query.startBatch();
  await batch?.committed;
  await query.runBatchWithoutData();
}

/**
 * The bytes of the values in the log, one a line. Outside the JavaScript heap, so that the garbage collector's walk
 * through the benchmark's own data is not part of what is timed.
 */
async function valueBytes(folder: string): Promise<Buffer> {
  const lines: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const text = await readFile(join(folder, `${TOPIC}-${partition}.log`), "utf8");
    for (const line of text.split("\n")) {
      if (line !== "") lines.push(line.slice(line.lastIndexOf("\t") + 1));
    }
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

export function parseValues(bytes: Buffer): number {
  let checksum = 0;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    try {
      checksum += (JSON.parse(bytes.toString("latin1", start, end)) as PriceEvent).asset.length;
    } catch {
      checksum++; // the market breaks some messages on purpose
    }
    start = end + 1;
  }
  return checksum;
}
