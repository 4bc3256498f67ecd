import { z } from "zod";
import { LabError } from "../shared/errors.js";
import type { CommittedFile, Manifest } from "../store/manifest.js";
import type { Store } from "../store/store.js";
import type { BatchPlan, Committed, QueryProgress } from "./batch.js";
import type { Changes } from "./state-changes.js";
import { BATCHES_KEPT, commitFiles } from "./checkpoint/commits.js";
import { CHECKPOINT, checkpointFiles } from "./checkpoint/files.js";
import { stateFiles } from "./checkpoint/state-files.js";
import type { Operator } from "./operator.js";
import type { State } from "./state.js";

export { CHECKPOINT } from "./checkpoint/files.js";

// The layout follows Spark's checkpoint, so that the two can be read side by side:
//
//   metadata     the settings of the query
//   offsets/N    what batch N reads; written before it runs
//   state/N      the changes of the state since an earlier batch, up to batch N
//   commits/N    batch N is complete: its output is in the store; lists the files that it wrote
//   manifest/K   the commits of batches 100 K to 100 K + 99, collected in one file; the single commits are then removed
//   latest       describes latest/ if it was written after its batch

/** The settings that the products depend on, by name of the option. */
export type CheckpointSettings = Record<string, string | number>;
/** The setting for the id of the schema that the records are written with, in the registry that gave it. */
export const SCHEMA_ID = "schema-id";

const timesLine = z.object({
  batchWatermarkMs: z.number().nullable(),
  batchTimestampMs: z.number().optional(),
});
const offsetsLine = z.record(z.string(), z.array(z.number().int().min(0)));
const settingsLine = z.record(z.string(), z.union([z.string(), z.number()]));

/** The checkpoint of one query. */
export interface Checkpoint {
  /** Records what a batch will read; called before it runs. */
  writePlan(plan: BatchPlan): Promise<void>;
  /**
   * Writes the state after a batch while the sink writes its output, and then records that the batch is complete.
   *
   * @param changes what the batch changed in the state; kept in memory, because a later batch may write it again
   * @param written the files that the sink writes; it may list none
   */
  commit(
    progress: QueryProgress,
    state: State,
    changes: Changes,
    written: Promise<readonly CommittedFile[] | void>,
  ): Promise<void>;
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
  const files = checkpointFiles(store);
  const states = stateFiles(files);
  const commits = commitFiles(files);
  let committedBatch = -1;

  async function readPlan(batchId: number): Promise<BatchPlan> {
    const name = `offsets/${batchId}`;
    const [first, second, third] = await files.read(name);
    const { batchWatermarkMs, batchTimestampMs } = files.checked(name, timesLine, first);
    const endOffsets = files.checked(name, offsetsLine, second)[topic];
    if (endOffsets === undefined) throw files.corrupt(name, `no offsets of topic ${topic}`);
    return {
      batchId,
      startOffsets: files.checked(name, offsetsLine.optional(), third)?.[topic],
      endOffsets,
      watermarkMs: batchWatermarkMs,
      plannedMs: batchTimestampMs,
    };
  }

  async function unfinishedBatch(): Promise<number | undefined> {
    const committed = (await files.batchesIn("commits")).at(-1) ?? -1;
    const planned = (await files.batchesIn("offsets")).at(-1) ?? -1;
    // The plan after the next one, if there is one, was written while the batch was; that batch had not begun.
    if (planned > committed + 2 || planned < committed) {
      throw files.corrupt(
        "offsets",
        `its last batch is ${planned}, but the last one in commits/ is ${committed}`,
      );
    }
    return planned > committed ? committed + 1 : undefined;
  }

  let made = settings ?? {};
  if (await isBegun(store)) {
    const [first] = await files.read("metadata");
    made = files.checked("metadata", settingsLine, first);
    refuseOtherSettings(`${store.root}/${CHECKPOINT}`, made, settings ?? made);
  } else if ((await files.batchesIn("offsets")).length > 0) {
    throw files.corrupt("metadata", "it is missing");
  } else {
    await files.write("metadata", [made]);
  }

  return {
    settings: made,
    writePlan: ({ batchId, startOffsets, endOffsets, watermarkMs, plannedMs }) =>
      files.write(`offsets/${batchId}`, [
        { batchWatermarkMs: watermarkMs, batchTimestampMs: plannedMs },
        { [topic]: endOffsets },
        ...(startOffsets === undefined ? [] : [{ [topic]: startOffsets }]),
      ]),
    async commit(progress, state, changes, written) {
      const { batchId } = progress.plan;
      const stateWritten = states.write(progress, state, changes);
      await Promise.allSettled([stateWritten, written]); // nothing is being written when an error is thrown
      const [listed] = await Promise.all([written, stateWritten]);
      await commits.write({ batchId, files: listed ?? undefined });
      committedBatch = batchId;
      await Promise.all([states.removeStale(), files.remove(`offsets/${batchId - BATCHES_KEPT}`)]);
    },
    recordLatest: (file) => commits.writeLatest(committedBatch, file),
    async lastCommitted(operators = []) {
      committedBatch = await commits.last();
      return committedBatch < 0 ? undefined : await states.read(committedBatch, operators);
    },
    async unfinished() {
      const batchId = await unfinishedBatch();
      return batchId === undefined ? undefined : await readPlan(batchId);
    },
    async lastPlan() {
      const batchId = (await files.batchesIn("offsets")).at(-1);
      return batchId === undefined ? undefined : readPlan(batchId);
    },
    manifest: async () => ({
      ...(await commits.manifest()),
      unfinishedBatch: await unfinishedBatch(),
    }),
  };
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
  const list = different.flatMap((name) => {
    // These two say nothing to the user. If only one of the runs has them, its source or its format is listed.
    const isInBoth = name in then && name in now;
    if (name === "tape") return isInBoth ? "the content of the tape differs (--tape)" : [];
    if (name === SCHEMA_ID) {
      const ids = `the id of the schema was ${then[name]}, now ${now[name]}`;
      return isInBoth ? `${ids} (is it the same schema registry?)` : [];
    }
    return `--${name} was ${shown(then[name])}, now ${shown(now[name])}`;
  });
  throw new LabError(
    `the checkpoint ${folder} was created with other settings: ${list.join("; ")}; use the same settings, start over with --fresh, or choose another --out`,
  );
}

const shown = (value: string | number = "not set") => (value === "" ? "none" : value);
