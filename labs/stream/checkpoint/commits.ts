import { z } from "zod";
import type { CommittedFile, Manifest } from "../../store/manifest.js";
import { LATEST_FILE, batchOfFile } from "../../store/products.js";
import type { CheckpointFiles } from "./files.js";

/** How many files are kept in offsets/ and commits/: Spark's default of `spark.sql.streaming.minBatchesToRetain`. */
export const BATCHES_KEPT = 100;

const committedFile = z.object({
  path: z.string(),
  bytes: z.number(),
  rows: z.number(),
  crc32: z.string(),
});
/** Older versions of the lab did not list the files. */
const commitLine = z.object({ files: z.array(committedFile).optional() });
const manifestLine = commitLine.extend({ batchId: z.number().int().min(0) });
const latestLine = z.object({ afterBatch: z.number().int().min(-1), file: committedFile });

/** The commit of a batch. `files` is undefined if the commit does not list them. */
interface Commit {
  batchId: number;
  files?: readonly CommittedFile[];
}

/** The files in commits/ and manifest/, and `latest`. */
export interface CommitFiles {
  /** The last committed batch; -1 if there is none. */
  last(): Promise<number>;
  /** Records that a batch is complete. */
  write(commit: Commit): Promise<void>;
  /** Records that `latest/` was written after a batch had ended. */
  writeLatest(afterBatch: number, file: CommittedFile): Promise<void>;
  /** The files that all committed batches wrote. */
  manifest(): Promise<Omit<Manifest, "unfinishedBatch">>;
}

export function commitFiles(files: CheckpointFiles): CommitFiles {
  /** The commits of this process that are not yet collected in a manifest: reading 100 files from HDFS takes seconds. */
  const recent = new Map<number, Commit>();

  async function read(batchId: number): Promise<Commit> {
    const name = `commits/${batchId}`;
    const [line] = await files.read(name);
    return { batchId, ...files.checked(name, commitLine, line) };
  }

  /**
   * Collects the commits of the preceding 100 batches in one file of manifest/; their own files are removed from then on.
   * This bounds the number of files and the cost of a batch.
   */
  async function collect(batchId: number): Promise<void> {
    const oldest = batchId - BATCHES_KEPT;
    const collected = (await files.batchesIn("commits")).filter(
      (each) => each >= oldest && each < batchId,
    );
    const lines: Commit[] = [];
    for (const each of collected) lines.push(recent.get(each) ?? (await read(each)));
    await files.write(`manifest/${oldest / BATCHES_KEPT}`, lines);
    recent.clear();
  }

  /** All commits, in order. */
  async function all(): Promise<Commit[]> {
    const commits: Commit[] = [];
    for (const segment of await files.batchesIn("manifest")) {
      const name = `manifest/${segment}`;
      for (const line of await files.read(name)) {
        commits.push(files.checked(name, manifestLine, line));
      }
    }
    const collected = commits.at(-1)?.batchId ?? -1;
    const uncollected = (await files.batchesIn("commits")).filter((batch) => batch > collected);
    return commits.concat(await Promise.all(uncollected.map(read)));
  }

  return {
    async last() {
      const batchId = (await files.batchesIn("commits")).at(-1);
      if (batchId === undefined) return -1;
      await read(batchId);
      return batchId;
    },
    async write(commit) {
      const { batchId } = commit;
      if (batchId > 0 && batchId % BATCHES_KEPT === 0) await collect(batchId);
      await files.write(`commits/${batchId}`, [{ files: commit.files }]);
      recent.set(batchId, commit);
      await files.remove(`commits/${batchId - BATCHES_KEPT}`);
    },
    writeLatest: (afterBatch, file) => files.write("latest", [{ afterBatch, file }]),
    async manifest() {
      const commits = await all();
      const written = new Map<string, CommittedFile>();
      const listed = new Set<number>();
      let latestBatch = -1;
      for (const { batchId, files: own } of commits) {
        if (own === undefined) continue;
        listed.add(batchId);
        for (const file of own) {
          written.set(file.path, file);
          if (file.path === LATEST_FILE) latestBatch = batchId;
        }
      }
      if (await files.has("latest")) {
        const [line] = await files.read("latest");
        const { afterBatch, file } = files.checked("latest", latestLine, line);
        if (afterBatch >= latestBatch) written.set(LATEST_FILE, file);
      }
      const last = commits.at(-1)?.batchId ?? -1;
      /** Whether a batch was committed by a version of the lab that did not list files. */
      const isUnlisted = (batchId: number) => batchId <= last && !listed.has(batchId);
      return {
        files: written,
        isReadByList: false,
        mayBeUnlisted: (path) => isUnlisted(path === LATEST_FILE ? last : batchOfFile(path)),
        batchesWithoutList: last + 1 - listed.size,
      };
    },
  };
}
