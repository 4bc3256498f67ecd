import * as zlib from "node:zlib"; // not { crc32 }: importing it by name fails on old versions of Node
import { z } from "zod";
import { LabError, NotFoundError, errorMessage } from "../shared/errors.js";
import type { CommittedFile, Manifest } from "../store/manifest.js";
import { LATEST_FILE, batchOfFile } from "../store/products.js";
import type { Store } from "../store/store.js";
import {
  addChanges,
  addEarlier,
  savedChanges,
  savedState,
  sizeOfChanges,
  sizeOfState,
  type Changes,
} from "./changes.js";
import type { Operator } from "./operator.js";
import type { SavedAsset, State } from "./state.js";

// The layout follows Spark's checkpoint, so that the two can be read side by side:
//
//   metadata     the settings of the query
//   offsets/N    what batch N reads; written before it runs
//   state/N      the changes of the state since an earlier batch, up to batch N
//   commits/N    batch N is complete: its output is in the store; lists the files that it wrote
//   manifest/K   the commits of batches 100 K to 100 K + 99, collected in one file; the single commits are then removed
//   latest       describes latest/ if it was written after its batch
//
// Each file is lines of text: a version, JSON, and (unlike Spark's) a checksum of the lines above it.
//
// A file in state/ has one line per changed asset: the state of each operator or, if that state has parts (panes), the
// changed parts. The first line names the batch since which changes are listed (`sinceBatch`); without it, the file holds
// the whole state. The state after batch N is read from state/N, then from the file it names, and so on back to a whole
// state. Evicted panes are not listed: the watermark implies that they are gone.
//
// The choice of `sinceBatch` decides what a batch costs. Like Spark, which writes deltas and now and then a snapshot, a
// batch writes only what it changed. In addition it absorbs the preceding file if that is less than twice as large, then
// the one before it, and so on. File sizes therefore at least double going back to the whole state: there are few files
// (17 hold 100,000 changes), recovery reads at most twice the state, and a change is rewritten a few times rather than in
// every batch. A small state, most of which changes in every batch, is simply written whole. This is the logarithmic method
// of Bentley and Saxe (1980), known from log-structured merge trees.

const VERSION = "v1";
/** The version of a file in state/ that needs the files before it: earlier versions of the lab would mistake it for the whole state. */
const CHANGES_VERSION = "v2";
/** How many files are kept in offsets/ and commits/: Spark's default of `spark.sql.streaming.minBatchesToRetain`. */
const BATCHES_KEPT = 100;
/** A file in state/ that is less than this many times as large as the files after it is merged with them. */
const GROWTH = 2;
/** Large files are written in pieces of about this many characters: the whole state may exceed the maximum length of a string. */
const PIECE_LENGTH = 1_000_000;
/** A file with more entries than this is written piece by piece. */
const MAX_ENTRIES_AT_ONCE = 1_000;

/** The settings that the products depend on, by name of the option. */
export type CheckpointSettings = Record<string, string | number>;

/** The plan of a batch, fixed before it runs. */
export interface BatchPlan {
  batchId: number;
  /**
   * For each partition, the offset to read from. Only in the plan of the first batch, and only if one of them is not 0;
   * later batches start where the previous one ended.
   */
  startOffsets?: number[];
  /** For each partition, the offset to stop before. */
  endOffsets: number[];
  /** W(N): this batch emits the windows that end at or before it. Null before there is a watermark. */
  watermarkMs: number | null;
  /** When the batch was planned; undefined if it leaves records unread, or if results must not depend on when it runs. */
  plannedMs?: number;
}

/** The progress of the query after a batch. */
export interface QueryProgress {
  plan: BatchPlan;
  /** The latest event time seen; null before the first event. */
  maxEventTimeMs: number | null;
  totals: Record<string, number>;
  /** The files that the batch wrote; undefined if the sink does not list them. */
  files?: readonly CommittedFile[];
}

/** Everything that the engine keeps between two batches, read from the checkpoint. */
export interface Committed extends QueryProgress {
  assets: Map<string, SavedAsset>;
}

/** The changes in one file of state/. */
interface Delta {
  batchId: number;
  changes: Changes;
  size: number;
}

const number = z.number();
const timesLine = z.object({
  batchWatermarkMs: number.nullable(),
  batchTimestampMs: number.optional(),
});
const offsetsLine = z.record(z.string(), z.array(number.int().min(0)));
const settingsLine = z.record(z.string(), z.union([z.string(), number]));
const headLine = z.object({
  batchWatermarkMs: number.nullable(),
  maxEventTimeMs: number.nullable(),
  endOffsets: z.array(number.int().min(0)),
  totals: z.record(z.string(), number),
  sinceBatch: number.int().min(0).optional(),
});
const assetLine = z.tuple([z.string(), z.custom<SavedAsset>((value) => typeof value === "object")]);

const committedFile = z.object({
  path: z.string(),
  bytes: number,
  rows: number,
  crc32: z.string(),
});
/** Older versions of the lab did not list the files. */
const commitLine = z.object({ files: z.array(committedFile).optional() });
const latestLine = z.object({ afterBatch: number.int().min(-1), file: committedFile });
const manifestLine = commitLine.extend({ batchId: number.int().min(0) });
/** The commit of a batch. `files` is undefined if the commit does not list them. */
interface Commit {
  batchId: number;
  files?: readonly CommittedFile[];
}

/** The folder of the checkpoint in the store. */
export const CHECKPOINT = "checkpoint";

/** The checkpoint of one query. */
export interface Checkpoint {
  /** Records what a batch will read; called before it runs. */
  writePlan(plan: BatchPlan): Promise<void>;
  /**
   * Records that a batch is complete, and the state after it; called after the sink has its output.
   *
   * @param changes what the batch changed in the state; kept in memory, because a later batch may write it again
   */
  commit(progress: QueryProgress, state: State, changes: Changes): Promise<void>;
  /** Records that `latest/` was written after the last batch had ended. */
  recordLatest(file: CommittedFile): Promise<void>;
  /**
   * The last committed batch; undefined if there is none.
   *
   * @param operators the query's operators, which merge an asset's state from several files
   */
  lastCommitted(operators?: readonly Operator[]): Promise<Committed | undefined>;
  /** The batch that was planned but not committed; undefined if there is none. */
  unfinished(): Promise<BatchPlan | undefined>;
  /** The last planned batch, committed or not; undefined if there is none. */
  lastPlan(): Promise<BatchPlan | undefined>;
}

/** A checkpoint in a store. */
export interface StoredCheckpoint extends Checkpoint {
  /** The settings that it was created with. */
  readonly settings: CheckpointSettings;
  /** The files that all committed batches wrote. */
  manifest(): Promise<Manifest>;
}

/**
 * Opens a query's checkpoint, or creates one, in the store of the products.
 *
 * @param topic the topic that the offsets refer to
 * @param settings must equal the settings that the checkpoint was created with; undefined: not checked
 * @throws LabError if the checkpoint is corrupt, or was created with other settings (naming them)
 */
export async function openCheckpoint(
  store: Store,
  topic: string,
  settings?: CheckpointSettings,
): Promise<StoredCheckpoint> {
  const pathOf = (name: string) => `${CHECKPOINT}/${name}`;
  /**
   * The files in state/ that make up the state after the last batch: a whole state, then changes. Undefined until this process
   * has written a whole state.
   */
  let wholeBatch: number | undefined;
  let deltas: Delta[] = [];
  /** The files that make up the state after the batch before the last. */
  let neededBefore: number[] = [];
  /** All files in state/. */
  let stateFiles: Set<number> | undefined;
  let committedBatch = -1;

  const writeLines = (name: string, values: unknown[]) =>
    store.write(pathOf(name), [...piecesOf(values)].join(""));

  function corrupt(name: string, why: string): LabError {
    return new LabError(
      `the checkpoint ${store.root}/${pathOf(name)} is corrupt (${why}); start over with --fresh, or choose another --out`,
    );
  }

  async function readLines(name: string): Promise<Iterable<unknown>> {
    const content = await store.read(pathOf(name)).catch((error: unknown) => {
      // Only a missing file means corruption; the store may just be unavailable.
      throw error instanceof NotFoundError ? corrupt(name, "it is missing") : error;
    });
    const end = content.lastIndexOf("crc32 ");
    if (end < 0) throw corrupt(name, "its end is missing");
    const body = content.subarray(0, end);
    if (content.toString("utf8", end) !== `crc32 ${zlib.crc32(body).toString(16)}\n`) {
      throw corrupt(name, "its checksum does not match its content");
    }
    const start = body.indexOf("\n") + 1;
    const version = body.toString("utf8", 0, start).trimEnd();
    if (version !== VERSION && version !== CHANGES_VERSION) {
      throw corrupt(name, `expected version ${VERSION} or ${CHANGES_VERSION}, found ${version}`);
    }
    return valuesOf(body, start, (error) => corrupt(name, errorMessage(error)));
  }

  function checked<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
    const result = schema.safeParse(value);
    if (!result.success) throw corrupt(name, z.prettifyError(result.error).replaceAll("\n", " "));
    return result.data;
  }

  /** The batch ids in a folder of the checkpoint, ascending. */
  async function batchesIn(name: string): Promise<number[]> {
    const names = await store.list(pathOf(name));
    return names
      .filter((file) => /^\d+$/.test(file))
      .map(Number)
      .sort((a, b) => a - b);
  }

  async function readPlan(batchId: number): Promise<BatchPlan> {
    const name = `offsets/${batchId}`;
    const [first, second, third] = await readLines(name);
    const { batchWatermarkMs, batchTimestampMs } = checked(name, timesLine, first);
    const endOffsets = checked(name, offsetsLine, second)[topic];
    if (endOffsets === undefined) throw corrupt(name, `no offsets of topic ${topic}`);
    return {
      batchId,
      startOffsets: checked(name, offsetsLine.optional(), third)?.[topic],
      endOffsets,
      watermarkMs: batchWatermarkMs,
      plannedMs: batchTimestampMs,
    };
  }

  /** Merges a file of state/ into `assets`, which later files have filled. @returns the file's first line */
  async function readState(
    batchId: number,
    assets: Map<string, SavedAsset>,
    operators: readonly Operator[],
  ) {
    const name = `state/${batchId}`;
    let head: z.output<typeof headLine> | undefined;
    for (const line of await readLines(name)) {
      if (head === undefined) head = checked(name, headLine, line);
      else addEarlier(operators, assets, ...checked(name, assetLine, line));
    }
    if (head === undefined) throw corrupt(name, "it is empty");
    if (head.sinceBatch !== undefined && head.sinceBatch >= batchId) {
      throw corrupt(name, `it refers to batch ${head.sinceBatch}, which is not an earlier one`);
    }
    return head;
  }

  async function lastCommitted(
    operators: readonly Operator[] = [],
  ): Promise<Committed | undefined> {
    const batchId = (await batchesIn("commits")).at(-1);
    if (batchId === undefined) return undefined;
    await readLines(`commits/${batchId}`);
    committedBatch = batchId;
    const assets = new Map<string, SavedAsset>();
    const head = await readState(batchId, assets, operators);
    neededBefore = [batchId];
    for (let { sinceBatch } = head; sinceBatch !== undefined;) {
      neededBefore.push(sinceBatch);
      ({ sinceBatch } = await readState(sinceBatch, assets, operators));
    }
    return {
      plan: { batchId, endOffsets: head.endOffsets, watermarkMs: head.batchWatermarkMs },
      maxEventTimeMs: head.maxEventTimeMs,
      totals: head.totals,
      assets,
    };
  }

  async function unfinishedBatch(): Promise<number | undefined> {
    const committed = (await batchesIn("commits")).at(-1) ?? -1;
    const planned = (await batchesIn("offsets")).at(-1) ?? -1;
    if (planned > committed + 1 || planned < committed) {
      throw corrupt(
        "offsets",
        `its last batch is ${planned}, but the last one in commits/ is ${committed}`,
      );
    }
    return planned > committed ? planned : undefined;
  }

  async function lastPlan(): Promise<BatchPlan | undefined> {
    const batchId = (await batchesIn("offsets")).at(-1);
    return batchId === undefined ? undefined : readPlan(batchId);
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

  /** The commits of this process that are not yet collected in a manifest: reading 100 files from HDFS takes seconds. */
  const recent = new Map<number, Commit>();

  /**
   * Collects the commits of the preceding 100 batches in one file of manifest/; their own files are removed from then on.
   * This bounds the number of files and the cost of a batch.
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
    let latestBatch = -1;
    for (const { batchId, files: written } of batches) {
      if (written === undefined) continue;
      listed.add(batchId);
      for (const file of written) {
        files.set(file.path, file);
        if (file.path === LATEST_FILE) latestBatch = batchId;
      }
    }
    if ((await store.list(CHECKPOINT)).includes("latest")) {
      const [line] = await readLines("latest");
      const { afterBatch, file } = checked("latest", latestLine, line);
      if (afterBatch >= latestBatch) files.set(LATEST_FILE, file);
    }
    const last = batches.at(-1)?.batchId ?? -1;
    /** Whether a batch was committed by a version of the lab that did not list files. */
    const isUnlisted = (batchId: number) => batchId <= last && !listed.has(batchId);
    return {
      files,
      mayBeUnlisted: (path) => isUnlisted(path === LATEST_FILE ? last : batchOfFile(path)),
      batchesWithoutList: last + 1 - listed.size,
      unfinishedBatch: await unfinishedBatch(),
      isReadByList: false,
    };
  }

  async function commit(progress: QueryProgress, state: State, changes: Changes): Promise<void> {
    const { batchId } = progress.plan;
    const { files } = progress;
    await writeState(progress, state, changes);
    if (batchId > 0 && batchId % BATCHES_KEPT === 0) await collectCommits(batchId);
    await writeLines(`commits/${batchId}`, [{ files }]);
    committedBatch = batchId;
    recent.set(batchId, { batchId, files });
    const needed = [
      ...(wholeBatch === undefined ? [] : [wholeBatch]),
      ...deltas.map((delta) => delta.batchId),
    ];
    await removeStale(batchId, needed);
    neededBefore = needed;
  }

  /**
   * Writes state/N and absorbs preceding files. The first file of a process holds the whole state, which costs no more than
   * reading it did.
   */
  async function writeState(
    { plan, maxEventTimeMs, totals }: QueryProgress,
    state: State,
    changes: Changes,
  ): Promise<void> {
    const { batchId, endOffsets, watermarkMs } = plan;
    let size = sizeOfChanges(changes);
    while (deltas.length > 0 && deltas.at(-1)!.size < GROWTH * size) {
      const earlier = deltas.pop()!.changes;
      addChanges(state, earlier, changes);
      changes = earlier;
      size = sizeOfChanges(changes);
    }
    const isWhole = wholeBatch === undefined || sizeOfState(state) < GROWTH * size;
    const head = {
      batchWatermarkMs: watermarkMs,
      maxEventTimeMs: maxEventTimeMs,
      endOffsets,
      totals,
      sinceBatch: isWhole ? undefined : (deltas.at(-1)?.batchId ?? wholeBatch),
    };
    function* lines(): Generator<unknown> {
      yield head;
      yield* isWhole ? savedState(state) : savedChanges(state, changes);
    }
    const isLarge = (isWhole ? sizeOfState(state) : size) > MAX_ENTRIES_AT_ONCE;
    const version = isWhole ? VERSION : CHANGES_VERSION;
    const content = isLarge
      ? asyncPieces(lines, version)
      : [...piecesOf(lines(), version)].join("");
    await store.write(pathOf(`state/${batchId}`), content);
    if (isWhole) {
      wholeBatch = batchId;
      deltas = [];
    } else deltas.push({ batchId, changes, size });
  }

  /** Removes the files that neither the last batch nor the one before it needs. */
  async function removeStale(batchId: number, needed: number[]): Promise<void> {
    // Listed once, to find files that a crash left behind.
    stateFiles ??= new Set(await batchesIn("state"));
    stateFiles.add(batchId);
    const stale = [`offsets/${batchId - BATCHES_KEPT}`, `commits/${batchId - BATCHES_KEPT}`];
    for (const file of stateFiles) {
      if (needed.includes(file) || neededBefore.includes(file)) continue;
      stale.push(`state/${file}`);
      stateFiles.delete(file);
    }
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
    writePlan: ({ batchId, startOffsets, endOffsets, watermarkMs, plannedMs }) =>
      writeLines(`offsets/${batchId}`, [
        { batchWatermarkMs: watermarkMs, batchTimestampMs: plannedMs },
        { [topic]: endOffsets },
        ...(startOffsets === undefined ? [] : [{ [topic]: startOffsets }]),
      ]),
    commit,
    recordLatest: (file) => writeLines("latest", [{ afterBatch: committedBatch, file }]),
    lastCommitted,
    unfinished,
    lastPlan,
    settings: made,
    manifest,
  };
}

/** The text of a file: version, one line per value, checksum. */
function* piecesOf(values: Iterable<unknown>, version = VERSION): Generator<string> {
  let piece = `${version}\n`;
  let checksum = 0;
  for (const value of values) {
    piece += `${JSON.stringify(value)}\n`;
    if (piece.length < PIECE_LENGTH) continue;
    checksum = zlib.crc32(piece, checksum);
    yield piece;
    piece = "";
  }
  checksum = zlib.crc32(piece, checksum);
  yield `${piece}crc32 ${checksum.toString(16)}\n`;
}

/** The same for a file of any length. It can be iterated again if the store retries a write. */
function asyncPieces(values: () => Iterable<unknown>, version: string): AsyncIterable<string> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* piecesOf(values(), version);
    },
  };
}

/** The values in the lines of a file, parsed lazily. */
function* valuesOf(
  body: Buffer,
  start: number,
  explain: (error: unknown) => Error,
): Generator<unknown> {
  while (start < body.length) {
    const end = body.indexOf("\n", start);
    let value: unknown;
    try {
      value = JSON.parse(body.toString("utf8", start, end));
    } catch (error) {
      throw explain(error);
    }
    yield value;
    start = end + 1;
  }
}

/** Whether there is a checkpoint to continue from. */
export async function isBegun(store: Store): Promise<boolean> {
  return (await store.list(CHECKPOINT)).includes("metadata");
}

function refuseOtherSettings(
  folder: string,
  then: CheckpointSettings,
  now: CheckpointSettings,
): void {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const different = names.filter((name) => then[name] !== now[name]);
  if (different.length === 0) return;
  const list = different.map(
    (name) => `--${name} was ${then[name] ?? "not set"}, now ${now[name] ?? "not set"}`,
  );
  throw new LabError(
    `the checkpoint ${folder} was created with other settings: ${list.join("; ")}; use the same settings, start over with --fresh, or choose another --out`,
  );
}
