import * as zlib from "node:zlib"; // not { crc32 }, which old versions of Node do not have
import { LabError } from "../shared/errors.js";
import type { Store } from "./store.js";

// What the products must be: the files that committed batches have written, as the checkpoint (or Spark's own log) lists them.

/** A file of a product, as it was when its batch was committed. */
export interface CommittedFile {
  /** Relative to the store's root. */
  path: string;
  bytes: number;
  /** Undefined where Spark wrote it: its log has the sizes only. */
  rows?: number;
  /**
   * Of its bytes, in hexadecimal. A CRC finds what happens by accident (a flipped bit, a cut, another file) as surely as a
   * cryptographic hash, which is for what happens on purpose, and costs a tenth.
   */
  crc32?: string;
}

export interface Manifest {
  /** By path. A file that later batches replace is there as the last one wrote it. */
  files: ReadonlyMap<string, CommittedFile>;
  /** Whether a file may be right although it is not listed: a batch of an older version of the lab wrote it, or `latest/` by Spark. */
  mayBeUnlisted(path: string): boolean;
  /** How many committed batches have no list of their files. */
  batchesWithoutList: number;
  /** The batch that was begun but not committed, which is run again by the next run. */
  unfinishedBatch?: number;
  /** Whether readers pass over files that are not listed, as they do where Spark wrote. */
  isReadByList: boolean;
}

export const checksum = (content: Uint8Array | string): string =>
  zlib.crc32(content).toString(16).padStart(8, "0");

/** What is wrong with the content of a file, in words; undefined where nothing is. */
export function differenceFrom(
  { bytes, crc32: expected }: CommittedFile,
  content: Uint8Array,
): string | undefined {
  if (content.length < bytes) return `truncated: ${content.length} of ${bytes} bytes are left`;
  if (content.length > bytes) return `changed: ${content.length} bytes instead of ${bytes}`;
  if (expected === undefined || checksum(content) === expected) return undefined;
  return `changed: its checksum is ${checksum(content)} instead of ${expected}`;
}

/** What can be done about a file of a product that is not what was committed. */
export const FILE_REMEDY =
  "restore it from a copy, or start over with --fresh (--verify checks all files)";

/**
 * A store whose files are held against what was committed as they are listed and read.
 *
 * @throws LabError (from `list` and `read`) naming a file that is missing, or is not what was committed
 */
export function checkedStore(store: Store, manifest: Manifest): Store {
  // Every run writes latest/ anew, so that it may be anything before: it is rebuilt from the checkpoint.
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
