import * as zlib from "node:zlib"; // not { crc32 }: importing it by name fails on old versions of Node
import { LabError } from "../shared/errors.js";
import type { Store } from "./store.js";

// The expected contents of the products: the files of all committed batches, as listed by the checkpoint or by Spark's log.

/** A file of a product, as its batch committed it. */
export interface CommittedFile {
  /** Relative to the store's root. */
  path: string;
  bytes: number;
  /** Undefined if Spark wrote the file: its log contains only sizes. */
  rows?: number;
  /**
   * The CRC-32 of its bytes, in hexadecimal. It detects accidental damage (a flipped bit, a truncated or swapped file) as
   * reliably as needed, at a tenth of the cost of a cryptographic hash, which also protects against deliberate changes.
   */
  crc32?: string;
}

export interface Manifest {
  /** By path. A file that several batches have written is listed as the last one wrote it. */
  files: ReadonlyMap<string, CommittedFile>;
  /** Whether a file may be valid although it is not listed: an older version of the lab wrote it, or it is `latest/` of a Spark run. */
  mayBeUnlisted(path: string): boolean;
  /** How many committed batches do not list their files. */
  batchesWithoutList: number;
  /** The batch that was started but not committed; the next run repeats it. */
  unfinishedBatch?: number;
  /** Whether readers ignore files that are not listed, as they do for files that Spark wrote. */
  isReadByList: boolean;
}

export const checksum = (content: Uint8Array | string): string =>
  zlib.crc32(content).toString(16).padStart(8, "0");

/** Describes how the content of a file differs from what was committed; undefined if it does not. */
export function differenceFrom(
  { bytes, crc32: expected }: CommittedFile,
  content: Uint8Array,
): string | undefined {
  if (content.length < bytes) return `truncated: ${content.length} of ${bytes} bytes are left`;
  if (content.length > bytes) return `changed: ${content.length} bytes instead of ${bytes}`;
  if (expected === undefined || checksum(content) === expected) return undefined;
  return `changed: its checksum is ${checksum(content)} instead of ${expected}`;
}

/** What the user can do about a file that differs from what was committed. */
export const FILE_REMEDY =
  "restore it from a copy, or start over with --fresh (--verify checks all files)";

/**
 * A store that compares its files with what was committed when they are listed or read.
 *
 * @throws LabError (from `list` and `read`) naming a file that is missing or differs from what was committed
 */
export function checkedStore(store: Store, manifest: Manifest): Store {
  // latest/ is not checked: every run rewrites it from the checkpoint.
  const isSettled = ({ path }: CommittedFile) => !path.startsWith("latest/");
  const damaged = (path: string, how: string) =>
    new LabError(`${store.root}/${path} is ${how}; ${FILE_REMEDY}`);
  return {
    ...store,
    async read(path) {
      const content = await store.read(path);
      const file = manifest.files.get(path);
      const difference =
        file !== undefined && isSettled(file) ? differenceFrom(file, content) : undefined;
      if (difference !== undefined) throw damaged(path, difference);
      return content;
    },
    async list(folder) {
      const names = await store.list(folder);
      const present = new Set(names);
      for (const file of manifest.files.values()) {
        const { path, rows } = file;
        if (!path.startsWith(`${folder}/`) || present.has(path.slice(folder.length + 1))) continue;
        const lost = rows === undefined ? "" : ` with its ${rows} rows`;
        if (isSettled(file)) throw damaged(path, `missing${lost}`);
      }
      return names;
    },
  };
}
