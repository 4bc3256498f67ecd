import * as zlib from "node:zlib"; // not { crc32 }: importing it by name fails on old versions of Node
import { z } from "zod";
import { LabError, NotFoundError, errorMessage } from "../../shared/errors.js";
import type { Store } from "../../store/store.js";

/** The folder of the checkpoint in the store. */
export const CHECKPOINT = "checkpoint";

const VERSION = "v1";
/** The version of a file in state/. Earlier versions of the lab wrote v1 and v2, which are read, and would misread this one. */
const STATE_VERSION = "v3";
const READABLE_VERSIONS = [VERSION, "v2", STATE_VERSION];
/** Large files are written in pieces of about this many characters: the whole state may exceed the maximum length of a string. */
const PIECE_LENGTH = 1_000_000;

/**
 * The files of a checkpoint, by their names (`offsets/12`). As in Spark's checkpoint, a file is lines of text: a version,
 * then JSON values. Unlike Spark's, it ends with a checksum of the lines above.
 */
export interface CheckpointFiles {
  /** Writes a file, one line per value. */
  write(name: string, values: Iterable<unknown>): Promise<void>;
  /** Writes a file of any length, piece by piece. `values` is called again if the store retries the write. */
  writeLarge(name: string, values: () => Iterable<unknown>): Promise<void>;
  /**
   * The values in a file, each parsed when it is taken.
   *
   * @throws LabError if the file is missing or damaged
   */
  read(name: string): Promise<Iterable<unknown>>;
  /** The value, if it has the expected shape. @throws LabError if not */
  checked<T>(name: string, schema: z.ZodType<T>, value: unknown): T;
  has(name: string): Promise<boolean>;
  remove(name: string): Promise<void>;
  /** The batches that have a file in a folder of the checkpoint, ascending. */
  batchesIn(folder: string): Promise<number[]>;
  /** The error about a file that cannot be used. */
  corrupt(name: string, why: string): LabError;
}

export function checkpointFiles(store: Store): CheckpointFiles {
  const pathOf = (name: string) => `${CHECKPOINT}/${name}`;
  const versionOf = (name: string) => (name.startsWith("state/") ? STATE_VERSION : VERSION);

  function corrupt(name: string, why: string): LabError {
    return new LabError(
      `the checkpoint ${store.root}/${pathOf(name)} is corrupt (${why}); start over with --fresh, or choose another --out`,
    );
  }

  return {
    corrupt,
    write: (name, values) =>
      store.write(pathOf(name), Buffer.concat([...piecesOf(values, versionOf(name))])),
    writeLarge: (name, values) =>
      store.write(pathOf(name), {
        async *[Symbol.asyncIterator]() {
          yield* piecesOf(values(), versionOf(name));
        },
      }),
    async read(name) {
      const content = await store.read(pathOf(name)).catch((error: unknown) => {
        // Only a missing file means corruption; the store may just be unavailable.
        throw error instanceof NotFoundError ? corrupt(name, "it is missing") : error;
      });
      const end = content.lastIndexOf("crc32 ");
      if (end < 0) throw corrupt(name, "its end is missing");
      const body = content.subarray(0, end);
      if (content.toString("utf8", end) !== `crc32 ${zlib.crc32(body).toString(16)}\n`) {
        throw corrupt(name, "its checksum does not match its content");
      }
      const start = body.indexOf("\n") + 1;
      const version = body.toString("utf8", 0, start).trimEnd();
      if (!READABLE_VERSIONS.includes(version)) {
        throw corrupt(name, `expected version ${READABLE_VERSIONS.join(", ")}, found ${version}`);
      }
      return valuesOf(body, start, (error) => corrupt(name, errorMessage(error)));
    },
    checked(name, schema, value) {
      const result = schema.safeParse(value);
      if (!result.success) throw corrupt(name, z.prettifyError(result.error).replaceAll("\n", " "));
      return result.data;
    },
    has: async (name) => (await store.list(CHECKPOINT)).includes(name),
    remove: (name) => store.remove(pathOf(name)),
    async batchesIn(folder) {
      const names = await store.list(pathOf(folder));
      return names
        .filter((file) => /^\d+$/.test(file))
        .map(Number)
        .sort((a, b) => a - b);
    },
  };
}

/** The content of a file: version, one line per value, checksum. */
function* piecesOf(values: Iterable<unknown>, version: string): Generator<Buffer> {
  let text = `${version}\n`;
  let checksum = 0;
  function piece(): Buffer {
    const bytes = Buffer.from(text);
    checksum = zlib.crc32(bytes, checksum);
    text = "";
    return bytes;
  }
  for (const value of values) {
    text += `${JSON.stringify(value)}\n`;
    if (text.length >= PIECE_LENGTH) yield piece();
  }
  yield piece();
  yield Buffer.from(`crc32 ${checksum.toString(16)}\n`);
}

/** The values in the lines of a file, parsed lazily. */
function* valuesOf(
  body: Buffer,
  start: number,
  explain: (error: unknown) => Error,
): Generator<unknown> {
  while (start < body.length) {
    const end = body.indexOf("\n", start);
    let value: unknown;
    try {
      value = JSON.parse(body.toString("utf8", start, end));
    } catch (error) {
      throw explain(error);
    }
    yield value;
    start = end + 1;
  }
}
