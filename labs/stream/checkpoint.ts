import * as zlib from "node:zlib"; // not { crc32 }, which old versions of Node do not have
import { z } from "zod";
import { LabError, errorMessage } from "../errors.js";
import type { Store } from "../store/store.js";
import type { AssetState, State } from "./state.js";
import { NO_WATERMARK } from "./watermark.js";

// The checkpoint's layout is Spark's, so that the two can be read side by side:
//
//   metadata     the settings of the query
//   offsets/N    what batch N reads, written before it runs
//   state/N      the state after batch N
//   commits/N    batch N is complete: its output is in the store
//
// Each file is lines of text: a version, JSON, and (unlike Spark's) a checksum of the lines above it.

const VERSION = "v1";
/** How many batches of offsets/ and commits/ are kept: Spark's default `spark.sql.streaming.minBatchesToRetain`. */
const BATCHES_KEPT = 100;
/** Recovery needs the state of the last committed batch only. */
const STATES_KEPT = 2;

/** The settings that the products depend on, by the option's name. */
export type Settings = Record<string, string | number>;

/** What a batch is, fixed before it runs. */
export interface BatchPlan {
  batchId: number;
  /** For each partition the offset to stop before. */
  endOffsets: number[];
  /** W(N): windows that end by it are emitted by this batch. */
  watermarkMs: number;
  /** When it was planned; undefined where it leaves records unread, or must not depend on when it runs. */
  nowMs?: number;
}

/** Everything that the engine remembers between two batches. */
export interface Progress {
  plan: BatchPlan;
  maxEventTimeMs: number;
  totals: Record<string, number>;
  state: State;
}

const number = z.number();
const watermark = number.nullable().transform((ms) => ms ?? NO_WATERMARK);
const timesLine = z.object({ batchWatermarkMs: watermark, batchTimestampMs: number.optional() });
const offsetsLine = z.record(z.string(), z.array(number.int().min(0)));
const settingsLine = z.record(z.string(), z.union([z.string(), number]));
const headLine = z.object({
  batchWatermarkMs: watermark,
  maxEventTimeMs: watermark,
  endOffsets: z.array(number.int().min(0)),
  totals: z.record(z.string(), number),
});
const assetLine = z.tuple([z.string(), z.custom<AssetState>((value) => typeof value === "object")]);

const orNull = (ms: number) => (ms === NO_WATERMARK ? null : ms);

/** The folder of the checkpoint in the store. */
export const CHECKPOINT = "checkpoint";

/** The checkpoint of one query. */
export interface Checkpoint {
  /** Records what a batch reads: before it runs. */
  writePlan(plan: BatchPlan): Promise<void>;
  /** Records that a batch is complete, and the state after it: after the sink has its output. */
  commit(progress: Progress): Promise<void>;
  /** The last committed batch; undefined where none was. */
  lastCommitted(): Promise<Progress | undefined>;
  /** The batch that was planned but not committed; undefined where there is none. */
  unfinished(): Promise<BatchPlan | undefined>;
}

/**
 * Opens a query's checkpoint, or begins one, in the store that the products go to.
 *
 * @param topic the topic that offsets are of
 * @throws LabError if it is corrupt, or was made with other settings (saying which)
 */
export async function openCheckpoint(
  store: Store,
  topic: string,
  settings: Settings,
): Promise<Checkpoint> {
  const pathOf = (name: string) => `${CHECKPOINT}/${name}`;

  async function writeLines(name: string, values: Iterable<unknown>): Promise<void> {
    const lines = [VERSION];
    for (const value of values) lines.push(JSON.stringify(value));
    const text = `${lines.join("\n")}\n`;
    await store.write(pathOf(name), `${text}crc32 ${zlib.crc32(text).toString(16)}\n`);
  }

  function corrupt(name: string, why: string): LabError {
    return new LabError(
      `the checkpoint ${store.root}/${pathOf(name)} is corrupt (${why}); start over with --fresh, or in another --out`,
    );
  }

  async function readLines(name: string): Promise<unknown[]> {
    const content = await store.read(pathOf(name)).catch((error: unknown) => {
      throw corrupt(name, errorMessage(error));
    });
    const text = content.toString();
    const end = text.lastIndexOf("crc32 ");
    if (end < 0) throw corrupt(name, "its end is missing");
    const body = text.slice(0, end);
    if (text.slice(end) !== `crc32 ${zlib.crc32(body).toString(16)}\n`) {
      throw corrupt(name, "its checksum does not fit its content");
    }
    const [version, ...lines] = body.trimEnd().split("\n");
    if (version !== VERSION) throw corrupt(name, `expected version ${VERSION}, found ${version}`);
    return lines.map((line) => JSON.parse(line) as unknown);
  }

  function checked<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
    const result = schema.safeParse(value);
    if (!result.success) throw corrupt(name, z.prettifyError(result.error).replaceAll("\n", " "));
    return result.data;
  }

  /** The batch numbers in a folder of the checkpoint, growing. */
  async function batchesIn(name: string): Promise<number[]> {
    const names = await store.list(pathOf(name));
    return names
      .filter((file) => /^\d+$/.test(file))
      .map(Number)
      .sort((a, b) => a - b);
  }

  async function readPlan(batchId: number): Promise<BatchPlan> {
    const name = `offsets/${batchId}`;
    const [first, second] = await readLines(name);
    const { batchWatermarkMs, batchTimestampMs } = checked(name, timesLine, first);
    const endOffsets = checked(name, offsetsLine, second)[topic];
    if (endOffsets === undefined) throw corrupt(name, `no offsets of topic ${topic}`);
    return {
      batchId,
      endOffsets,
      watermarkMs: batchWatermarkMs,
      nowMs: batchTimestampMs,
    };
  }

  async function lastCommitted(): Promise<Progress | undefined> {
    const batchId = (await batchesIn("commits")).at(-1);
    if (batchId === undefined) return undefined;
    await readLines(`commits/${batchId}`);
    const name = `state/${batchId}`;
    const [first, ...assets] = await readLines(name);
    const head = checked(name, headLine, first);
    return {
      plan: { batchId, endOffsets: head.endOffsets, watermarkMs: head.batchWatermarkMs },
      maxEventTimeMs: head.maxEventTimeMs,
      totals: head.totals,
      state: new Map(assets.map((line) => checked(name, assetLine, line))),
    };
  }

  async function unfinished(): Promise<BatchPlan | undefined> {
    const committed = (await batchesIn("commits")).at(-1) ?? -1;
    const planned = (await batchesIn("offsets")).at(-1) ?? -1;
    if (planned > committed + 1 || planned < committed) {
      throw corrupt("offsets", `its last batch is ${planned}, that of commits/ is ${committed}`);
    }
    return planned > committed ? await readPlan(planned) : undefined;
  }

  async function commit({ plan, maxEventTimeMs, totals, state }: Progress): Promise<void> {
    const { batchId, endOffsets, watermarkMs } = plan;
    const head = {
      batchWatermarkMs: orNull(watermarkMs),
      maxEventTimeMs: orNull(maxEventTimeMs),
      endOffsets,
      totals,
    };
    await writeLines(`state/${batchId}`, [head, ...state]);
    await writeLines(`commits/${batchId}`, [{}]);
    const stale = [
      `state/${batchId - STATES_KEPT}`,
      `offsets/${batchId - BATCHES_KEPT}`,
      `commits/${batchId - BATCHES_KEPT}`,
    ];
    await Promise.all(stale.map((name) => store.remove(pathOf(name))));
  }

  if (await isBegun(store)) {
    const [first] = await readLines("metadata");
    refuseOtherSettings(
      `${store.root}/${CHECKPOINT}`,
      checked("metadata", settingsLine, first),
      settings,
    );
  } else if ((await batchesIn("offsets")).length > 0) {
    throw corrupt("metadata", "it is missing");
  } else {
    await writeLines("metadata", [settings]);
  }

  return {
    writePlan: ({ batchId, endOffsets, watermarkMs, nowMs }) =>
      writeLines(`offsets/${batchId}`, [
        { batchWatermarkMs: orNull(watermarkMs), batchTimestampMs: nowMs },
        { [topic]: endOffsets },
      ]),
    commit,
    lastCommitted,
    unfinished,
  };
}

/** Whether there is a checkpoint to continue from. */
export async function isBegun(store: Store): Promise<boolean> {
  return (await store.list(CHECKPOINT)).includes("metadata");
}

function refuseOtherSettings(folder: string, then: Settings, now: Settings): void {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const different = names.filter((name) => then[name] !== now[name]);
  if (different.length === 0) return;
  const list = different.map(
    (name) => `--${name} was ${then[name] ?? "not set"}, now ${now[name] ?? "not set"}`,
  );
  throw new LabError(
    `the checkpoint ${folder} was made with other settings: ${list.join("; ")}; use the same settings, start over with --fresh, or choose another --out`,
  );
}
