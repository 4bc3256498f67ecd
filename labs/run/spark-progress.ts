import { z } from "zod";
import { LabError, NotFoundError } from "../shared/errors.js";
import { parseJson } from "../shared/json.js";
import type { Notify } from "../shared/notify.js";
import type { SparkProgress, StreamingQuery } from "../spark/streaming-query.js";
import type { Store } from "../store/store.js";

/** The file that outlives a run: Spark itself forgets the progress of a query that has ended. */
const FILE = "checkpoint/progress.json";

const figuresSchema = z.object({
  /** The batch after the last one that is known. */
  nextBatch: z.number(),
  /** Records read, in all batches whose progress was seen. */
  rows: z.number(),
  /** Window rows dropped, in the same batches. */
  droppedRows: z.number(),
  newestEventMs: z.number().nullable(),
  // Of the last batch:
  openWindows: z.number(),
  watermarkMs: z.number().nullable(),
  batchMs: z.number().nullable(),
  /** For each partition, the offset after the batch's last record. */
  endOffsets: z.array(z.number()),
});
/** What is known about all batches of a query: sums over them, and the figures of the last one. */
type SparkFigures = z.infer<typeof figuresSchema>;

const NOTHING: SparkFigures = {
  nextBatch: 0,
  rows: 0,
  droppedRows: 0,
  openWindows: 0,
  endOffsets: [],
  newestEventMs: null,
  watermarkMs: null,
  batchMs: null,
};

/** Follows the progress of a query. Its memory, its file and a call of `take` do not grow with the number of batches. */
export interface ProgressFollower {
  readonly figures: Readonly<SparkFigures>;
  /** Batches of this run whose progress was seen. */
  readonly batchesNow: number;
  /** Adds the batches that have ended since the last call, and stores the sums. */
  take(query: StreamingQuery): Promise<void>;
  /** Says which batches, up to the last committed one, can no longer be counted. */
  finish(lastCommitted: number): Promise<void>;
}

/**
 * Continues from the stored sums of earlier runs.
 *
 * Spark reports a batch after its commit. A batch is therefore missed if this process is killed before it has taken and
 * stored the report, or if more batches end between two calls of `take` than Spark remembers. The user is then told.
 *
 * @throws LabError naming the file if it is damaged
 */
export async function followProgress(
  store: Store,
  topic: string,
  notify: Notify,
): Promise<ProgressFollower> {
  let figures = await readFigures(store);
  let batchesNow = 0;

  function skipTo(batch: number): void {
    const { nextBatch } = figures;
    if (batch <= nextBatch) return;
    const which =
      batch === nextBatch + 1 ? `batch ${nextBatch}` : `batches ${nextBatch} to ${batch - 1}`;
    notify(
      `Spark no longer reports the progress of ${which}: the products are complete, but the window rows dropped there are not counted`,
    );
    figures = { ...figures, nextBatch: batch };
  }

  function add(progress: SparkProgress): void {
    skipTo(progress.batchId);
    // A trigger without data also reports progress, with the id of the next batch.
    const isBatch = progress.durationMs["addBatch"] !== undefined;
    if (!isBatch || progress.batchId < figures.nextBatch) return;
    figures = withBatch(figures, progress, topic);
    batchesNow++;
  }

  async function storing(change: () => void): Promise<void> {
    const before = figures;
    change();
    if (figures !== before) await store.write(FILE, JSON.stringify(figures));
  }

  return {
    get figures() {
      return figures;
    },
    get batchesNow() {
      return batchesNow;
    },
    async take(query) {
      const last = await query.lastProgress();
      if (last === undefined) return;
      // Mostly one batch has ended, or none.
      const isNext = last.batchId <= figures.nextBatch;
      const reports = isNext ? [last] : await query.recentProgress();
      await storing(() => reports.forEach(add));
    },
    finish: (lastCommitted) => storing(() => skipTo(lastCommitted + 1)),
  };
}

function withBatch(before: SparkFigures, progress: SparkProgress, topic: string): SparkFigures {
  const { batchId, durationMs, eventTime, stateOperators, sources } = progress;
  const [state] = stateOperators;
  const byTopic = JSON.parse(sources[0]?.endOffset ?? "{}") as Record<
    string,
    Record<string, number>
  >;
  // One entry per partition, including partitions that were added to the topic later.
  const offsets = byTopic[topic] ?? {};
  const newestMs = eventTime?.max === undefined ? -Infinity : Date.parse(eventTime.max);
  const largestMs = Math.max(before.newestEventMs ?? -Infinity, newestMs);
  return {
    nextBatch: batchId + 1,
    rows: before.rows + (sources[0]?.numInputRows ?? 0),
    droppedRows: before.droppedRows + (state?.numRowsDroppedByWatermark ?? 0),
    newestEventMs: largestMs === -Infinity ? null : largestMs,
    openWindows: state?.numRowsTotal ?? 0,
    // Before the first event, Spark reports the epoch: no watermark yet.
    watermarkMs: Date.parse(eventTime?.watermark ?? "") || null,
    batchMs: durationMs["triggerExecution"] ?? null,
    endOffsets: Array.from(Object.keys(offsets), (_, partition) => offsets[partition] ?? 0),
  };
}

async function readFigures(store: Store): Promise<SparkFigures> {
  let content: string;
  try {
    content = String(await store.read(FILE));
  } catch (error) {
    if (error instanceof NotFoundError) return NOTHING;
    throw error;
  }
  const { success, data } = figuresSchema.safeParse(parseJson(content));
  if (success) return data;
  throw new LabError(
    `${store.root}/${FILE} is damaged: expected the progress of Spark's batches as JSON, found ${content.slice(0, 80) || "nothing"}; restore it from a copy, or start over with --fresh`,
  );
}
