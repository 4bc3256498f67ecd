import { readSettings } from "../../labs/course/capstone/settings.js";
import { connectTopic } from "../../labs/log/kafka/cluster.js";
import { endOffsets, startOffsets } from "../../labs/log/kafka/offsets.js";
import { openReader } from "../../labs/log/kafka/reader.js";
import { sleep } from "../../labs/shared/wait.js";
import { encodeParquet, type Columns, type Row } from "../../labs/store/parquet.js";
import { Invalid, parseMessage, type Trade } from "./message.js";
import { addTrade, newVenue, takeFinal, type VenueState, type WindowRow } from "./windows.js";

// A micro-batch query. Batch N is planned in checkpoint/plan-N, its output goes to files that are named after it, and
// checkpoint/state-N says that it is done. After a crash, a batch that was planned and is not done runs again over the same
// records from the same state, so it replaces its own files.

const VENUES = ["northgate", "meridian"];
const BATCH_MS = 1_000;
const IDLE_MS = 100;
const PATIENCE_MS = 30_000;

const TRADE_COLUMNS: Columns = {
  trade_id: { type: "integer" },
  asset: { type: "string" },
  price: { type: "double" },
  quantity: { type: "double" },
  side: { type: "string" },
  trade_time: { type: "timestamp" },
};
const WINDOW_COLUMNS: Columns = {
  venue: { type: "string" },
  asset: { type: "string" },
  window_start: { type: "timestamp" },
  count: { type: "integer" },
  volume: { type: "double" },
  vwap: { type: "double" },
};

/** What the query knows after a batch. */
interface State {
  batchId: number;
  /** For each partition, the offset of the next record. */
  offsets: number[];
  venues: Record<string, VenueState>;
}

interface Output {
  trades: Trade[];
  windows: WindowRow[];
  rejected: { partition: number; offset: number; reason: string }[];
}

const { brokers, topic, store } = readSettings();
const cluster = connectTopic({ brokers, topic, patienceMs: PATIENCE_MS });
const starts = await startOffsets(cluster);
const read = openReader(cluster, starts.length);

const planPath = (batchId: number) => `checkpoint/plan-${batchId}.json`;
const statePath = (batchId: number) => `checkpoint/state-${batchId}.json`;

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse((await store.read(path)).toString()) as T;
}

/** The state after the last batch that is done. */
async function lastState(): Promise<State> {
  const done = (await store.list("checkpoint")).flatMap((name) => {
    const batchId = /^state-(\d+)\.json$/.exec(name)?.[1];
    return batchId === undefined ? [] : [Number(batchId)];
  });
  if (done.length > 0) return readJson(statePath(Math.max(...done)));
  const venues = Object.fromEntries(VENUES.map((venue) => [venue, newVenue()]));
  return { batchId: -1, offsets: starts, venues };
}

/** Where the next batch ends: as planned before a crash, or at the end of the topic. */
async function planned(batchId: number): Promise<number[] | undefined> {
  const names = await store.list("checkpoint");
  return names.includes(`plan-${batchId}.json`) ? readJson(planPath(batchId)) : undefined;
}

/** Reads the records of a batch, and updates the state. */
async function runBatch(state: State, ends: readonly number[]): Promise<Output> {
  const output: Output = { trades: [], windows: [], rejected: [] };
  for (const [partition, end] of ends.entries()) {
    for await (const records of read(partition, state.offsets[partition]!, end)) {
      for (const { offset, value } of records) {
        try {
          const { venue, sequence, sentMs, trade } = parseMessage(String(value));
          const own = state.venues[venue]!;
          if (sequence <= own.sequence) continue;
          own.sequence = sequence;
          own.isEnded = trade === undefined;
          if (trade !== undefined && addTrade(own, trade, sentMs)) output.trades.push(trade);
        } catch (error) {
          if (!(error instanceof Invalid)) throw error;
          output.rejected.push({ partition, offset, reason: error.message });
        }
      }
    }
  }
  for (const [venue, own] of Object.entries(state.venues)) {
    output.windows.push(...takeFinal(venue, own));
  }
  return output;
}

async function writeParquet(path: string, columns: Columns, rows: readonly Row[]): Promise<void> {
  if (rows.length > 0) await store.write(path, await encodeParquet(columns, rows));
}

async function write(batchId: number, { trades, windows, rejected }: Output): Promise<void> {
  for (const venue of VENUES) {
    const own = trades.filter((trade) => trade.venue === venue);
    await writeParquet(`trades/venue=${venue}/batch-${batchId}.parquet`, TRADE_COLUMNS, own);
  }
  await writeParquet(`windows/batch-${batchId}.parquet`, WINDOW_COLUMNS, windows);
  if (rejected.length > 0) {
    const lines = rejected.map((row) => `${JSON.stringify(row)}\n`).join("");
    await store.write(`rejected/batch-${batchId}.jsonl`, lines);
  }
}

for (let state = await lastState(); ;) {
  const startedMs = performance.now();
  const batchId = state.batchId + 1;
  let ends = await planned(batchId);
  if (ends === undefined) {
    ends = await endOffsets(cluster);
    if (ends.every((end, partition) => end <= state.offsets[partition]!)) {
      if (Object.values(state.venues).every(({ isEnded }) => isEnded)) break;
      await sleep(IDLE_MS);
      continue;
    }
    await store.write(planPath(batchId), JSON.stringify(ends));
  }
  await write(batchId, await runBatch(state, ends));
  state = { ...state, batchId, offsets: ends };
  await store.write(statePath(batchId), JSON.stringify(state));
  await store.remove(statePath(batchId - 1));
  await store.remove(planPath(batchId - 1));
  await sleep(BATCH_MS - (performance.now() - startedMs));
}
await cluster.close();
