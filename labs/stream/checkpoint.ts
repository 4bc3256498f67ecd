import { crc32 } from "node:zlib";
import { z } from "zod";
import { LabError, errorMessage } from "../errors.js";
import type { CommittedFile, Manifest } from "../store/manifest.js";
import { LATEST_FILE, batchOfFile } from "../store/products.js";
import type { Store } from "../store/store.js";
import type { AssetState, State } from "./state.js";
import { NO_WATERMARK } from "./watermark.js";

// The checkpoint's layout is Spark's, so that the two can be read side by side:
//
//   metadata     the settings of the query
//   offsets/N    what batch N reads, written before it runs
//   state/N      the state after batch N
//   commits/N    batch N is complete: its output is in the store; the files that it has written
//   manifest/K   the same of the batches 100 K to 100 K + 99, whose commits are cleared away
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
  /** The files that the batch has written; undefined where the sink does not say. */
  files?: readonly CommittedFile[];
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

const committedFile = z.object({
  path: z.string(),
  bytes: number,
  rows: number,
  crc32: z.string(),
});
/** Older versions of the lab did not list the files. */
const commitLine = z.object({ files: z.array(committedFile).optional() });
const manifestLine = commitLine.extend({ batchId: number.int().min(0) });
/** The files that a batch has written; undefined where it does not say. */
interface Commit {
  batchId: number;
  files?: readonly CommittedFile[];
}

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

/** A checkpoint in a store. */
export interface StoredCheckpoint extends Checkpoint {
  /** The settings that it was made with. */
  readonly settings: Settings;
  /** The files that all committed batches have written. */
  manifest(): Promise<Manifest>;
}

/**
 * Opens a query's checkpoint, or begins one, in the store that the products go to.
 *
 * @param topic the topic that offsets are of
 * @param settings undefined: those that it was made with, whatever they are
 * @throws LabError if it is corrupt, or was made with other settings (saying which)
 */
export async function openCheckpoint(
  store: Store,
  topic: string,
  settings?: Settings,
): Promise<StoredCheckpoint> {
  const pathOf = (name: string) => `${CHECKPOINT}/${name}`;

  async function writeLines(name: string, values: Iterable<unknown>): Promise<void> {
    const lines = [VERSION];
    for (const value of values) lines.push(JSON.stringify(value));
    const text = `${lines.join("\n")}\n`;
    await store.write(pathOf(name), `${text}crc32 ${crc32(text).toString(16)}\n`);
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
    if (text.slice(end) !== `crc32 ${crc32(body).toString(16)}\n`) {
      throw corrupt(name, "its checksum does not fit its content");
    }
    const [version, ...lines] = body.trimEnd().split("\n");
    if (version !== VERSION) throw corrupt(name, `expected version ${VERSION}, found ${version}`);
    try {
      return lines.map((line) => JSON.parse(line) as unknown);
    } catch (error) {
      throw corrupt(name, errorMessage(error));
    }
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

  async function unfinishedBatch(): Promise<number | undefined> {
    const committed = (await batchesIn("commits")).at(-1) ?? -1;
    const planned = (await batchesIn("offsets")).at(-1) ?? -1;
    if (planned > committed + 1 || planned < committed) {
      throw corrupt("offsets", `its last batch is ${planned}, that of commits/ is ${committed}`);
    }
    return planned > committed ? planned : undefined;
  }

  async function unfinished(): Promise<BatchPlan | undefined> {
    const batchId = await unfinishedBatch();
    return batchId === undefined ? undefined : await readPlan(batchId);
  }

  async function readCommit(batchId: number): Promise<Commit> {
    const name = `commits/${batchId}`;
    const [line] = await readLines(name);
    return { batchId, ...checked(name, commitLine, line) };
  }

  /** The commits of this process since the last were collected: on a store far away 100 files take seconds to read. */
  const recent = new Map<number, Commit>();

  /**
   * Collects the commits of the 100 batches before this one in one file, since those are cleared away from now on. So what a
   * batch costs, and how many files there are, does not grow with every batch.
   */
  async function collectCommits(batchId: number): Promise<void> {
    const oldest = batchId - BATCHES_KEPT;
    const collected = (await batchesIn("commits")).filter((each) => each >= oldest);
    const lines: Commit[] = [];
    for (const each of collected) {
      if (each < batchId) lines.push(recent.get(each) ?? (await readCommit(each)));
    }
    await writeLines(`manifest/${oldest / BATCHES_KEPT}`, lines);
    recent.clear();
  }

  async function manifest(): Promise<Manifest> {
    const batches: Commit[] = [];
    for (const segment of await batchesIn("manifest")) {
      const name = `manifest/${segment}`;
      for (const line of await readLines(name)) batches.push(checked(name, manifestLine, line));
    }
    const collected = batches.at(-1)?.batchId ?? -1;
    const uncollected = (await batchesIn("commits")).filter((batchId) => batchId > collected);
    batches.push(...(await Promise.all(uncollected.map(readCommit))));

    const files = new Map<string, CommittedFile>();
    const listed = new Set<number>();
    for (const batch of batches) {
      if (batch.files === undefined) continue;
      listed.add(batch.batchId);
      for (const file of batch.files) files.set(file.path, file);
    }
    const last = batches.at(-1)?.batchId ?? -1;
    /** Whether a batch was committed by a version of the lab that did not list its files. */
    const isUnlisted = (batchId: number) => batchId <= last && !listed.has(batchId);
    return {
      files,
      mayBeUnlisted: (path) => isUnlisted(path === LATEST_FILE ? last : batchOfFile(path)),
      batchesWithoutList: last + 1 - listed.size,
      unfinishedBatch: await unfinishedBatch(),
      isReadByList: false,
    };
  }

  async function commit(progress: Progress): Promise<void> {
    const { plan, maxEventTimeMs, totals, state, files } = progress;
    const { batchId, endOffsets, watermarkMs } = plan;
    const head = {
      batchWatermarkMs: orNull(watermarkMs),
      maxEventTimeMs: orNull(maxEventTimeMs),
      endOffsets,
      totals,
    };
    await writeLines(`state/${batchId}`, [head, ...state]);
    if (batchId > 0 && batchId % BATCHES_KEPT === 0) await collectCommits(batchId);
    await writeLines(`commits/${batchId}`, [{ files }]);
    recent.set(batchId, { batchId, files });
    const stale = [
      `state/${batchId - STATES_KEPT}`,
      `offsets/${batchId - BATCHES_KEPT}`,
      `commits/${batchId - BATCHES_KEPT}`,
    ];
    await Promise.all(stale.map((name) => store.remove(pathOf(name))));
  }

  let made = settings ?? {};
  if (await isBegun(store)) {
    const [first] = await readLines("metadata");
    made = checked("metadata", settingsLine, first);
    refuseOtherSettings(`${store.root}/${CHECKPOINT}`, made, settings ?? made);
  } else if ((await batchesIn("offsets")).length > 0) {
    throw corrupt("metadata", "it is missing");
  } else {
    await writeLines("metadata", [made]);
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
    settings: made,
    manifest,
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
