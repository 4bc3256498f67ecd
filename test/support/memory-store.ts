import { NotFoundError } from "../../labs/shared/errors.js";
import type { Store } from "../../labs/store/store.js";

/** Thrown by a store at a simulated crash, in place of `kill -9` of the process. */
export class Crash extends Error {}

export interface MemoryStore extends Store {
  readonly files: Map<string, Buffer>;
  /** Bytes written so far to files whose path begins with this. */
  written(prefix: string): number;
  /** Throws a Crash at the n-th write or removal from now, before or after it takes effect. */
  crashAt(operation: number, after: boolean): void;
}

/** A store in memory that counts written bytes and can simulate crashes. */
export function memoryStore(): MemoryStore {
  const files = new Map<string, Buffer>();
  const writes: [path: string, bytes: number][] = [];
  let left = Infinity;
  let isAfter = false;

  async function change(apply: () => Promise<void> | void): Promise<void> {
    left--;
    if (left < 0) throw new Crash(); // a dead process does nothing more
    if (left === 0 && !isAfter) throw new Crash();
    await apply();
    if (left === 0) throw new Crash();
  }

  return {
    root: "memory",
    files,
    written: (prefix) =>
      writes.reduce((sum, [path, bytes]) => sum + (path.startsWith(prefix) ? bytes : 0), 0),
    crashAt(operation, after) {
      left = operation;
      isAfter = after;
    },
    makeFolder: () => Promise.resolve(),
    async write(path, content) {
      const pieces: Buffer[] = [];
      if (typeof content === "string" || content instanceof Uint8Array) {
        pieces.push(Buffer.from(content as string));
      } else for await (const piece of content) pieces.push(Buffer.from(piece as string));
      const whole = Buffer.concat(pieces);
      await change(() => {
        writes.push([path, whole.length]);
        files.set(path, whole);
      });
    },
    read(path) {
      const content = files.get(path);
      if (content === undefined) return Promise.reject(new NotFoundError(`no file ${path}`));
      return Promise.resolve(content);
    },
    list(path) {
      const names = [...files.keys()]
        .filter((name) => name.startsWith(`${path}/`))
        .map((name) => name.slice(path.length + 1).split("/")[0]!);
      return Promise.resolve([...new Set(names)].sort());
    },
    remove: (path) =>
      change(() => {
        for (const name of files.keys()) {
          if (name === path || name.startsWith(`${path}/`)) files.delete(name);
        }
      }),
  };
}
