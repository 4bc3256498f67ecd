import { z } from "zod";
import type { Committed, QueryProgress } from "../batch.js";
import {
  addChanges,
  addEarlier,
  savedChanges,
  savedState,
  sizeOfChanges,
  sizeOfState,
  type Changes,
} from "../state-changes.js";
import type { Operator } from "../operator.js";
import type { SavedAsset, State } from "../state.js";
import type { CheckpointFiles } from "./files.js";

// A file in state/ has one line per changed asset: the state of each operator or, if that state has parts (panes), the
// changed parts. The line after the version names the batch since which changes are listed (`sinceBatch`); without it, the file holds
// the whole state. The state after batch N is read from state/N, then from the file it names, and so on back to a whole
// state. Evicted panes are not listed: the watermark implies that they are gone.
//
// The choice of `sinceBatch` decides what a batch costs. Like Spark, which writes deltas and now and then a snapshot, a
// batch writes only what it changed. In addition it absorbs the three preceding files if each is less than twice as large,
// then the three before them, and so on. Going back three files, sizes therefore at least double: there are few files (50 hold
// 100,000 changes), recovery reads a small multiple of the state, and a change is rewritten a few times rather than in every
// batch. A small state, most of which changes in every batch, is simply written whole. This is the logarithmic method of
// Bentley and Saxe (1980), known from log-structured merge trees.

/** A file in state/ is merged with this many files before it… */
const MERGED_AT_ONCE = 3;
/** …if each is less than this many times as large. */
const GROWTH = 2;
/** A file with more entries than this is written piece by piece. */
const MAX_ENTRIES_AT_ONCE = 1_000;

const headLine = z.object({
  batchWatermarkMs: z.number().nullable(),
  maxEventTimeMs: z.number().nullable(),
  endOffsets: z.array(z.number().int().min(0)),
  totals: z.record(z.string(), z.number()),
  sinceBatch: z.number().int().min(0).optional(),
});
const assetLine = z.tuple([z.string(), z.custom<SavedAsset>((value) => typeof value === "object")]);

/** The changes in one file of state/. */
interface Delta {
  batchId: number;
  changes: Changes;
  size: number;
}

/** The files in state/. */
export interface StateFiles {
  /** Reads the state after a batch. */
  read(batchId: number, operators: readonly Operator[]): Promise<Committed>;
  /** Writes the state after a batch, and absorbs preceding files. */
  write(progress: QueryProgress, state: State, changes: Changes): Promise<void>;
  /** Removes the files that neither the last batch nor the one before it needs. */
  removeStale(): Promise<void>;
}

export function stateFiles(files: CheckpointFiles): StateFiles {
  // The files that make up the state after the last batch:
  /** The batch whose file holds a whole state; undefined until this process has written one. */
  let wholeBatch: number | undefined;
  /** The files of changes since then. */
  let deltas: Delta[] = [];
  /** The files that make up the state after the batch before the last. */
  let neededBefore: number[] = [];
  /** All files in state/, listed once to find those that a crash left behind. */
  let present: Set<number> | undefined;

  /** Merges a file into `assets`, which later files have filled. @returns the file's first line */
  async function readFile(
    batchId: number,
    assets: Map<string, SavedAsset>,
    operators: readonly Operator[],
  ) {
    const name = `state/${batchId}`;
    let head: z.output<typeof headLine> | undefined;
    for (const line of await files.read(name)) {
      if (head === undefined) head = files.checked(name, headLine, line);
      else addEarlier(operators, assets, ...files.checked(name, assetLine, line));
    }
    if (head === undefined) throw files.corrupt(name, "it is empty");
    if (head.sinceBatch !== undefined && head.sinceBatch >= batchId) {
      throw files.corrupt(
        name,
        `it refers to batch ${head.sinceBatch}, which is not an earlier one`,
      );
    }
    return head;
  }

  return {
    async read(batchId, operators) {
      const assets = new Map<string, SavedAsset>();
      const head = await readFile(batchId, assets, operators);
      neededBefore = [batchId];
      for (let { sinceBatch } = head; sinceBatch !== undefined;) {
        neededBefore.push(sinceBatch);
        ({ sinceBatch } = await readFile(sinceBatch, assets, operators));
      }
      return {
        plan: { batchId, endOffsets: head.endOffsets, watermarkMs: head.batchWatermarkMs },
        maxEventTimeMs: head.maxEventTimeMs,
        totals: head.totals,
        assets,
      };
    },

    async write({ plan, maxEventTimeMs, totals }, state, changes) {
      const { batchId, endOffsets, watermarkMs } = plan;
      let size = sizeOfChanges(changes);
      for (;;) {
        const similar = deltas.slice(-MERGED_AT_ONCE).filter((each) => each.size < GROWTH * size);
        if (similar.length < MERGED_AT_ONCE) break;
        for (const { changes: earlier } of deltas.splice(-MERGED_AT_ONCE).reverse()) {
          addChanges(state, earlier, changes);
          changes = earlier;
        }
        size = sizeOfChanges(changes);
      }
      // The first file of a process holds the whole state, which costs no more than reading it did.
      const isWhole = wholeBatch === undefined || sizeOfState(state) < GROWTH * size;
      const head = {
        batchWatermarkMs: watermarkMs,
        maxEventTimeMs,
        endOffsets,
        totals,
        sinceBatch: isWhole ? undefined : (deltas.at(-1)?.batchId ?? wholeBatch),
      };
      function* lines(): Generator<unknown> {
        yield head;
        yield* isWhole ? savedState(state) : savedChanges(state, changes);
      }
      const name = `state/${batchId}`;
      const isLarge = (isWhole ? sizeOfState(state) : size) > MAX_ENTRIES_AT_ONCE;
      if (isLarge) await files.writeLarge(name, lines);
      else await files.write(name, lines());
      present?.add(batchId);
      if (isWhole) {
        wholeBatch = batchId;
        deltas = [];
      } else deltas.push({ batchId, changes, size });
    },

    async removeStale() {
      const needed = deltas.map((delta) => delta.batchId);
      if (wholeBatch !== undefined) needed.push(wholeBatch);
      present ??= new Set(await files.batchesIn("state"));
      const stale = [...present].filter(
        (batchId) => !needed.includes(batchId) && !neededBefore.includes(batchId),
      );
      for (const batchId of stale) present.delete(batchId);
      neededBefore = needed;
      await Promise.all(stale.map((batchId) => files.remove(`state/${batchId}`)));
    },
  };
}
