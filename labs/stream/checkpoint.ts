import * as zlib from "node:zlib"; // not { crc32 }, which old versions of Node do not have
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

// The checkpoint's layout is Spark's, so that the two can be read side by side:
//
//   metadata     the settings of the query
//   offsets/N    what batch N reads, written before it runs
//   state/N      what the state after batch N has that the state after an earlier batch has not
//   commits/N    batch N is complete: its output is in the store; the files that it has written
//   manifest/K   the same of the batches 100 K to 100 K + 99, whose commits are cleared away
//   latest       latest/ as it was written after a batch, where a batch itself has left it behind
//
// Each file is lines of text: a version, JSON, and (unlike Spark's) a checksum of the lines above it.
//
// A file of state/ has a line for each asset that changed: what each operator remembers of it, where that has parts (panes) those
// that changed. The first line says since which batch (`sinceBatch`); where it says none, the file is the whole state. So the
// state after batch N is read from state/N, then from the file it names, back to a whole one. Panes that a later watermark has
// evicted are in no later file and need no mention: the watermark itself says that they are gone.
//
// Which batch a file begins at decides what a batch costs. Like Spark, which writes deltas and now and then a snapshot, a batch
// writes what it changed. But before that it takes over the file before it where that is less than twice as large, then the
// one before that, and so on: sizes at least double from file to file towards the whole state. So there are few files
// (17 hold 100,000 changes), recovery reads at most twice the state, a change is written again a few times and never
// once a batch, and a small state, where every batch changes most of it, is simply written whole. This is the
// logarithmic method of Bentley and Saxe (1980), known from log-structured merge trees.

const VERSION = "v1";
/** Of a file of state/ that needs the files before it: earlier versions of the lab would take it for the whole state. */
const CHANGES_VERSION = "v2";
/** How many batches of offsets/ and commits/ are kept: Spark's default `spark.sql.streaming.minBatchesToRetain`. */
const BATCHES_KEPT = 100;
/** A file that is less than so many times as large as those after it is written again together with them. */
const GROWTH = 2;
/** Files are written in pieces of about so many characters: the whole state may be longer than a string can be. */
const PIECE_LENGTH = 1_000_000;
/** A file with more entries than these is never a string as a whole. */
const MAX_ENTRIES_AT_ONCE = 1_000;

/** The settings that the products depend on, by the option's name. */
export type CheckpointSettings = Record<string, string | number>;

/** What a batch is, fixed before it runs. */
export interface BatchPlan {
  batchId: number;
  /**
   * Of the first batch, for each partition the offset to read from; undefined where all are 0, and of later batches,
   * which begin where the one before them ended.
   */
  startOffsets?: number[];
  /** For each partition the offset to stop before. */
  endOffsets: number[];
  /** W(N): windows that end by it are emitted by this batch. Null before there is a watermark. */
  watermarkMs: number | null;
  /** When it was planned; undefined where it leaves records unread, or must not depend on when it runs. */
  plannedMs?: number;
}

/** How far the query is after a batch. */
export interface QueryProgress {
  plan: BatchPlan;
  /** The latest event time seen; null before any. */
  maxEventTimeMs: number | null;
  totals: Record<string, number>;
  /** The files that the batch has written; undefined where the sink does not say. */
  files?: readonly CommittedFile[];
}

/** Everything that the engine remembers between two batches, as the checkpoint has it. */
export interface Committed extends QueryProgress {
  assets: Map<string, SavedAsset>;
}

/** Changes that a file of state/ has. */
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
/** The files that a batch has written; undefined where it does not say. */
interface Commit {
  batchId: number;
  files?: readonly CommittedFile[];
}

/** The folder of the checkpoint in the store. */
export const CHECKPOINT = "checkpoint";

/** The checkpoint of one query. */
export interface Checkpoint {
  /** Records what a batch reads: before it runs. */
  writePlan(plan: BatchPlan): Promise<void>;
  /**
   * Records that a batch is complete, and the state after it: after the sink has its output.
   *
   * @param changes what the batch has changed in the state; kept, so that later batches can write it again
   */
  commit(progress: QueryProgress, state: State, changes: Changes): Promise<void>;
  /** Records that `latest/` was written after the last batch. */
  recordLatest(file: CommittedFile): Promise<void>;
  /**
   * The last committed batch; undefined where none was.
   *
   * @param operators those of the query, which put together what several files say of an asset
   */
  lastCommitted(operators?: readonly Operator[]): Promise<Committed | undefined>;
  /** The batch that was planned but not committed; undefined where there is none. */
  unfinished(): Promise<BatchPlan | undefined>;
  /** The batch that was planned last, committed or not; undefined where none was. */
  lastPlan(): Promise<BatchPlan | undefined>;
}

/** A checkpoint in a store. */
export interface StoredCheckpoint extends Checkpoint {
  /** The settings that it was made with. */
  readonly settings: CheckpointSettings;
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
  settings?: CheckpointSettings,
): Promise<StoredCheckpoint> {
  const pathOf = (name: string) => `${CHECKPOINT}/${name}`;
  /** The files of state/ that make up the state after the last batch: the whole one, then changes. Unknown before this process has written it. */
  let wholeBatch: number | undefined;
  let deltas: Delta[] = [];
  /** The same for the batch before. */
  let neededBefore: number[] = [];
  /** All files of state/. */
  let stateFiles: Set<number> | undefined;
  let committedBatch = -1;

  const writeLines = (name: string, values: unknown[]) =>
    store.write(pathOf(name), [...piecesOf(values)].join(""));

  function corrupt(name: string, why: string): LabError {
    return new LabError(
      `the checkpoint ${store.root}/${pathOf(name)} is corrupt (${why}); start over with --fresh, or in another --out`,
    );
  }

  async function readLines(name: string): Promise<Iterable<unknown>> {
    const content = await store.read(pathOf(name)).catch((error: unknown) => {
      // A store that cannot be read now is not a checkpoint that is corrupt.
      throw error instanceof NotFoundError ? corrupt(name, "it is missing") : error;
    });
    const end = content.lastIndexOf("crc32 ");
    if (end < 0) throw corrupt(name, "its end is missing");
    const body = content.subarray(0, end);
    if (content.toString("utf8", end) !== `crc32 ${zlib.crc32(body).toString(16)}\n`) {
      throw corrupt(name, "its checksum does not fit its content");
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

  /** Adds a file of state/ to what those after it say. @returns its first line */
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
      throw corrupt(name, `it begins at batch ${head.sinceBatch}, which is not before it`);
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
      throw corrupt("offsets", `its last batch is ${planned}, that of commits/ is ${committed}`);
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

  /** Writes state/N, with the files before it that it takes over. The first one of a process is whole: reading the state cost as much. */
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

  /** Removes what neither the last batch nor the one before needs. */
  async function removeStale(batchId: number, needed: number[]): Promise<void> {
    // Listed once, so that what a crash has left over goes too.
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

/** The text of a file: version, a line for each value, checksum. */
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

/** The same for a file of any length. It can be read more than once, should a store have to try again. */
function asyncPieces(values: () => Iterable<unknown>, version: string): AsyncIterable<string> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* piecesOf(values(), version);
    },
  };
}

/** The values of the lines of a file, parsed one at a time. */
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
    `the checkpoint ${folder} was made with other settings: ${list.join("; ")}; use the same settings, start over with --fresh, or choose another --out`,
  );
}
