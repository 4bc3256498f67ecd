import { errorMessage } from "../shared/errors.js";
import { differenceFrom, type Manifest } from "./manifest.js";
import { PRODUCT_NAMES, decodeProductFile, type Product } from "./products.js";
import type { Store } from "./store.js";

/** A file that is not as committed. */
export interface FileProblem {
  /** Relative to the store's root. */
  path: string;
  problem: string;
  /** What to do: run the same command again, restore the file from a copy, or remove it. */
  remedy: "continue" | "restore" | "remove";
}

type Problem = Omit<FileProblem, "path">;

export interface Verification {
  /** For each product, the files that are as committed, and their rows. */
  products: { product: Product; files: number; rows: number }[];
  /** Files that are not as committed. If there are none, the products are exactly what was committed. */
  problems: FileProblem[];
  /** Files that were not committed, but that readers ignore. */
  passedOver: string[];
  /** How many batches have no checksums, so that their files could be read but not compared. */
  batchesWithoutChecksums: number;
}

/** How many files are read in parallel. */
const AT_ONCE = 8;

/** Compares the files of all products with those that were committed. Changes nothing. */
export async function verifyProducts(store: Store, manifest: Manifest): Promise<Verification> {
  const problems: FileProblem[] = [];
  const passedOver: string[] = [];
  const products: Verification["products"] = [];
  const { files, unfinishedBatch } = manifest;

  /** The number of rows of a file, or what is wrong with it. */
  async function check(product: Product, name: string): Promise<number | Problem> {
    const path = `${product}/${name}`;
    const committed = files.get(path);
    if (committed === undefined && !manifest.mayBeUnlisted(path)) {
      return unfinishedBatch === undefined
        ? { problem: "not committed: no batch wrote it", remedy: "remove" }
        : {
            problem: `not committed: batch ${unfinishedBatch} was started but not completed`,
            remedy: "continue",
          };
    }
    // Every run rewrites latest/.
    const remedy = product === "latest" ? "continue" : "restore";
    const content = await store.read(path).catch((error: unknown) => error);
    if (!Buffer.isBuffer(content)) return { problem: errorMessage(content), remedy };
    const difference = committed && differenceFrom(committed, content);
    if (difference !== undefined) {
      return { problem: difference, remedy };
    }
    if (committed?.crc32 !== undefined && committed.rows !== undefined) return committed.rows;
    return decodeProductFile(product, name, content).then(
      ({ length }) => length,
      (error: unknown) => ({ problem: `unreadable: ${errorMessage(error)}`, remedy }),
    );
  }

  for (const product of PRODUCT_NAMES) {
    const names = (await store.list(product)).filter((name) => !name.startsWith("_"));
    const present = new Set(names);
    for (const path of files.keys()) {
      const isMissing =
        path.startsWith(`${product}/`) && !present.has(path.slice(product.length + 1));
      if (!isMissing) continue;
      const remedy = product === "latest" ? "continue" : "restore";
      problems.push({ path, problem: "missing", remedy });
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
        } else problems.push({ path, ...result });
      }
    }
    products.push(sum);
  }
  return {
    products,
    problems,
    passedOver,
    batchesWithoutChecksums: manifest.batchesWithoutList,
  };
}
