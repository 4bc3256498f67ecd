import { z } from "zod";
import { LabError } from "../shared/errors.js";
import { parseJson } from "../shared/json.js";
import type { CommittedFile, Manifest } from "./manifest.js";
import type { Store } from "./store.js";

/** The folder in which Spark's file sink logs the files of each complete batch. */
const SPARK_METADATA = "_spark_metadata";
const sparkFile = z.object({ path: z.string(), size: z.number() });

/** The files of the log of Spark's file sink, by batch. */
async function sinkLogs(store: Store, folder: string) {
  return (await store.list(folder))
    .map((name) => ({ name, match: /^(\d+)(\.compact)?$/.exec(name) }))
    .flatMap(({ name, match }) =>
      match === null
        ? []
        : [{ name, batchId: Number(match[1]), isCompact: match[2] !== undefined }],
    )
    .sort((a, b) => a.batchId - b.batchId);
}

/** The last batch of a product that Spark's file sink has logged; -1 if there is none. */
export async function lastSinkBatch(store: Store, product: string): Promise<number> {
  return (await sinkLogs(store, `${product}/${SPARK_METADATA}`)).at(-1)?.batchId ?? -1;
}

/**
 * The files of a product according to the log of Spark's file sink; undefined if Spark has not written the product.
 *
 * @param lastBatch the last batch that Spark's checkpoint has committed, if known: the log must contain it
 */
export async function sparkFiles(
  store: Store,
  product: string,
  lastBatch = -1,
): Promise<CommittedFile[] | undefined> {
  const names = await store.list(product);
  if (!names.includes(SPARK_METADATA) && lastBatch < 0) return undefined;
  const folder = `${product}/${SPARK_METADATA}`;
  function unreadable(file: string, why: string): LabError {
    return new LabError(
      `${store.root}/${folder}/${file} ${why}: without it, the complete files of ${product}/ are unknown; restore it from a copy, or start over with --fresh`,
    );
  }
  const logs = await sinkLogs(store, folder);
  // `9.compact` contains the entries of all files up to 9, which Spark removes later.
  const compact = logs.reduce((last, { isCompact }, index) => (isCompact ? index : last), -1);
  const files: CommittedFile[] = [];
  let next = compact < 0 ? 0 : logs[compact]!.batchId;
  for (const { name, batchId } of logs.slice(Math.max(compact, 0))) {
    if (batchId !== next++) throw unreadable(String(next - 1), "is missing");
    const content = (await store.read(`${folder}/${name}`)).toString();
    const [version, ...lines] = content.trimEnd().split("\n");
    if (version !== "v1") throw unreadable(name, "does not begin with the version v1");
    for (const [index, line] of lines.entries()) {
      const parsed = sparkFile.safeParse(parseJson(line));
      if (!parsed.success) throw unreadable(name, `names no file in line ${index + 2}`);
      const { path, size } = parsed.data;
      const file = decodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
      files.push({ path: `${product}/${file}`, bytes: size });
    }
  }
  if (next <= lastBatch) throw unreadable(String(next), "is missing");
  return files;
}

/**
 * The files that Spark has committed.
 *
 * @param products the products to look for
 * @param lastBatches for each product, the last batch that Spark's checkpoint has committed
 */
export async function sparkManifest(
  store: Store,
  products: readonly string[],
  lastBatches: Partial<Record<string, number>>,
): Promise<Manifest> {
  const files: CommittedFile[] = [];
  for (const product of products) {
    for (const file of (await sparkFiles(store, product, lastBatches[product])) ?? []) {
      files.push(file);
    }
  }
  return {
    files: new Map(files.map((file) => [file.path, file])),
    // latest/ is written at the end of a run by a separate query, without Spark's log.
    mayBeUnlisted: (path) => path.startsWith("latest/"),
    batchesWithoutList: 0,
    isReadByList: true,
  };
}
