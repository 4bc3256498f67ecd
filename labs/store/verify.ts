import { errorMessage } from "../errors.js";
import { differenceFrom, type Manifest } from "./manifest.js";
import { PRODUCTS, decodeProductFile, type Product } from "./products.js";
import type { Store } from "./store.js";

/** What is wrong with one file. */
export interface Finding {
  /** Relative to the store's root. */
  path: string;
  problem: string;
}

export interface Verification {
  /** Of each product the files that are there as committed, and their rows. */
  products: { product: Product; files: number; rows: number }[];
  /** Files that are not as committed. None: the products are exactly those that the checkpoint committed. */
  findings: Finding[];
  /** Files that nobody committed, but that readers pass over. */
  passedOver: string[];
  /** Batches whose files could only be read, not compared. */
  batchesWithoutChecksums: number;
}

/** How many files are read at a time. */
const AT_ONCE = 8;

/** Compares the files of all products with those that were committed. Changes nothing. */
export async function verifyProducts(store: Store, manifest: Manifest): Promise<Verification> {
  const findings: Finding[] = [];
  const passedOver: string[] = [];
  const products: Verification["products"] = [];
  const { files, unfinishedBatch } = manifest;

  /** How many rows a file holds, or what is wrong with it. */
  async function check(product: Product, name: string): Promise<number | string> {
    const path = `${product}/${name}`;
    const committed = files.get(path);
    if (committed === undefined && !manifest.mayBeUnlisted(path)) {
      return unfinishedBatch === undefined
        ? "not committed: no batch has written it"
        : `not committed: batch ${unfinishedBatch} was begun but not completed; the same command completes it`;
    }
    const content = await store.read(path).catch((error: unknown) => error);
    if (!Buffer.isBuffer(content)) return errorMessage(content);
    const difference = committed && differenceFrom(committed, content);
    if (difference !== undefined) {
      // latest/ is replaced by every batch, so also by one that was not completed.
      return product === "latest" && unfinishedBatch !== undefined
        ? `${difference}; batch ${unfinishedBatch}, which was begun but not completed, may have written it: the same command completes it`
        : difference;
    }
    if (committed?.crc32 !== undefined && committed.rows !== undefined) return committed.rows;
    return decodeProductFile(product, name, content).then(
      ({ length }) => length,
      (error: unknown) => `unreadable: ${errorMessage(error)}`,
    );
  }

  for (const product of PRODUCTS) {
    const names = (await store.list(product)).filter((name) => !name.startsWith("_"));
    const present = new Set(names);
    for (const path of files.keys()) {
      const isMissing =
        path.startsWith(`${product}/`) && !present.has(path.slice(product.length + 1));
      if (isMissing) findings.push({ path, problem: "missing" });
    }
    const sum = { product, files: 0, rows: 0 };
    for (let start = 0; start < names.length; start += AT_ONCE) {
      const some = names.slice(start, start + AT_ONCE);
      const results = await Promise.all(some.map((name) => check(product, name)));
      for (const [index, result] of results.entries()) {
        const path = `${product}/${some[index]}`;
        if (typeof result === "number") {
          sum.files++;
          sum.rows += result;
        } else if (manifest.isReadByList && !files.has(path) && !manifest.mayBeUnlisted(path)) {
          passedOver.push(path);
        } else findings.push({ path, problem: result });
      }
    }
    products.push(sum);
  }
  return {
    products,
    findings,
    passedOver,
    batchesWithoutChecksums: manifest.batchesWithoutList,
  };
}
