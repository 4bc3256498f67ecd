import { z } from "zod";
import { readEvent, type DecodeEvent } from "../event.js";
import type { EventLog } from "../log/log.js";
import { LabError } from "../shared/errors.js";
import { parseJson } from "../shared/json.js";
import type { Product } from "../store/products.js";
import { lastSinkBatch } from "../store/spark-sink.js";
import type { Store } from "../store/store.js";
import { CHECKPOINT } from "../stream/checkpoint.js";
import { lastSparkBatch } from "./verify.js";

const planLine = z.object({ batchWatermarkMs: z.number() });
const offsetsLine = z.record(z.string(), z.record(z.string(), z.number()));

/**
 * Completes the commit of a batch if Spark died after its sink had logged the batch and before its checkpoint had.
 *
 * Spark would run such a batch again, but its file sink skips a batch that it has logged, so the batch is never computed and
 * its events do not advance the watermark: later batches would then keep late events that an undisturbed run drops
 * (`FileStreamSink.addBatch`, `MicroBatchExecution`). Instead, the commit is written here, with the watermark that Spark would
 * have computed: the largest event time of the batch minus the delay, and never less than before. The state of the batch is
 * complete, since each task commits it before the sink logs the batch.
 *
 * @param product a product whose query has a watermark
 * @param delayMs the watermark's delay
 * @param decode for values with a schema id
 * @throws LabError if a file of Spark's checkpoint is damaged, or the log no longer has the batch's records
 */
export async function completeSparkCommit(
  store: Store,
  log: EventLog,
  product: Product,
  delayMs: number,
  decode?: DecodeEvent,
): Promise<void> {
  const batchId = (await lastSparkBatch(store, product)) + 1;
  if ((await lastSinkBatch(store, product)) !== batchId) return;
  const folder = `${CHECKPOINT}/${product}`;

  async function readPlan(of: number) {
    const path = `${folder}/offsets/${of}`;
    const [version, plan, offsets] = String(await store.read(path)).split("\n");
    const parsed = z
      .tuple([z.literal("v1"), planLine, offsetsLine])
      .safeParse([version, parseJson(plan ?? ""), parseJson(offsets ?? "")]);
    if (parsed.success) {
      const [, { batchWatermarkMs }, byTopic] = parsed.data;
      return { watermarkMs: batchWatermarkMs, offsets: byTopic[log.topic] ?? {} };
    }
    throw new LabError(
      `${store.root}/${path} is damaged: expected the offsets of a batch of Spark; restore it from a copy, or start over with --fresh`,
    );
  }

  const { watermarkMs, offsets } = await readPlan(batchId);
  const before = batchId === 0 ? {} : (await readPlan(batchId - 1)).offsets;
  const starts = await log.startOffsets();
  let newestMs = -Infinity;
  for (const [name, end] of Object.entries(offsets)) {
    const partition = Number(name);
    for await (const records of log.read(partition, before[name] ?? starts[partition] ?? 0, end)) {
      for (const { value, timestampMs } of records) {
        const event = await readEvent(value, timestampMs, decode);
        if (typeof event !== "string") newestMs = Math.max(newestMs, event.eventTimeMs);
      }
    }
  }
  const nextBatchWatermarkMs = Math.max(watermarkMs, newestMs - delayMs);
  await store.write(
    `${folder}/commits/${batchId}`,
    `v1\n${JSON.stringify({ nextBatchWatermarkMs })}`,
  );
}
