import { dirname } from "node:path";
import { APPEND, type Disk, type OpenFile } from "../../labs/shared/files.js";

// A disk in memory that guarantees only synced data after a power cut: the content of a file as of its last sync, and the names
// in a folder as of the folder's last sync. For each later change, chance decides what is kept: nothing, all, a part, or zeros.

interface File {
  kind: "file";
  content: Buffer;
  synced: Buffer;
}

interface Folder {
  kind: "folder";
  entries: Map<string, Entry>;
  synced: Map<string, Entry>;
}

type Entry = File | Folder;

const folder = (): Folder => ({ kind: "folder", entries: new Map(), synced: new Map() });
const failure = (code: string) => Object.assign(new Error(code), { code });
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

export interface ForgetfulDisk {
  /** The disk for one process. After a power cut, operations of this process fail, also when the power is back. */
  mount(): Disk;
  /** The number of operations so far. */
  readonly operations: number;
  /** Cuts the power at the n-th operation from now: it and all later operations fail. */
  cutPowerAt(operation: number): void;
  readonly isOff: boolean;
  /** Restores the power, with the data that was kept. */
  restart(): void;
}

/** @param random from 0 to below 1 */
export function forgetfulDisk(random: () => number): ForgetfulDisk {
  const root = folder();
  let operations = 0;
  let cutAt = Infinity;
  let isOff = false;
  let restarts = 0;
  const chance = (choices: number) => Math.floor(random() * choices);

  /** Counts an operation. @param mounted the number of restarts when the process mounted the disk @throws EIO without power */
  function count(mounted: number): void {
    if (mounted !== restarts) throw failure("EIO");
    operations++;
    if (operations >= cutAt) isOff = true;
    if (isOff) throw failure("EIO");
  }

  function find(path: string): Entry {
    let entry: Entry = root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      if (entry.kind === "file") throw failure("ENOTDIR");
      const next = entry.entries.get(name);
      if (next === undefined) throw failure("ENOENT");
      entry = next;
    }
    return entry;
  }

  function folderAt(path: string): Folder {
    const entry = find(path);
    if (entry.kind === "file") throw failure("ENOTDIR");
    return entry;
  }

  function handle(entry: Entry, step: () => void): OpenFile {
    const file = entry as File;
    function append(content: Uint8Array): void {
      file.content = Buffer.concat([file.content, content]);
    }
    return {
      appendFile: async (content) => {
        try {
          step();
        } catch (error) {
          append(content.subarray(0, chance(content.length + 1))); // cut in the middle of it
          throw error;
        }
        append(content);
        await Promise.resolve();
      },
      writeFile: async (content) => {
        step();
        if (typeof content !== "string" && !(content instanceof Uint8Array)) {
          for await (const piece of content) append(Buffer.from(piece));
        } else append(Buffer.from(content));
      },
      read: async (buffer, offset, length, position) => {
        step();
        const piece = file.content.subarray(position, position + length);
        buffer.set(piece, offset);
        return Promise.resolve({ bytesRead: piece.length });
      },
      stat: async () => {
        step();
        return Promise.resolve({ size: file.content.length });
      },
      truncate: async (size) => {
        step();
        file.content = file.content.subarray(0, size);
        return Promise.resolve();
      },
      sync: async () => {
        step();
        if (entry.kind === "folder") entry.synced = new Map(entry.entries);
        else entry.synced = entry.content;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  }

  /** The remaining content of a file that changed since its last sync. */
  function contentKept({ content, synced }: File): Buffer {
    const isGrown = content.subarray(0, synced.length).equals(synced);
    if (!isGrown && chance(2) === 0) return synced;
    const base = isGrown ? synced.length : 0;
    const kept = Buffer.from(content);
    switch (chance(4)) {
      case 0:
        return kept;
      case 1:
        return kept.subarray(0, base);
      case 2:
        return kept.fill(0, base); // its length was kept, its content was not
      default:
        return kept.subarray(0, base + chance(content.length - base + 1));
    }
  }

  function forget(entry: Entry): void {
    if (entry.kind === "file") {
      if (!entry.content.equals(entry.synced)) entry.content = contentKept(entry);
      entry.synced = entry.content;
      return;
    }
    for (const name of new Set([...entry.entries.keys(), ...entry.synced.keys()])) {
      const [now, then] = [entry.entries.get(name), entry.synced.get(name)];
      const kept = now === then || chance(2) === 0 ? now : then;
      if (kept === undefined) entry.entries.delete(name);
      else entry.entries.set(name, kept);
    }
    entry.synced = new Map(entry.entries);
    for (const each of entry.entries.values()) forget(each);
  }

  return {
    get operations() {
      return operations;
    },
    get isOff() {
      return isOff;
    },
    cutPowerAt(operation) {
      cutAt = operations + operation;
    },
    restart() {
      forget(root);
      isOff = false;
      cutAt = Infinity;
      restarts++;
    },
    mount: () => mounted(restarts),
  };

  function mounted(since: number): Disk {
    const step = () => count(since);
    return {
      open: async (path, flags) => {
        step();
        const parent = folderAt(dirname(path));
        let entry = path === "/" ? root : parent.entries.get(nameOf(path));
        if (entry === undefined) {
          if (flags === "r" || flags === APPEND) throw failure("ENOENT");
          entry = { kind: "file", content: Buffer.alloc(0), synced: Buffer.alloc(0) };
          parent.entries.set(nameOf(path), entry);
        }
        if (flags === "w") (entry as File).content = Buffer.alloc(0);
        return Promise.resolve(handle(entry, step));
      },
      mkdir: async (path) => {
        step();
        if (path === "/") throw failure("EEXIST");
        const parent = folderAt(dirname(path));
        if (parent.entries.has(nameOf(path))) throw failure("EEXIST");
        parent.entries.set(nameOf(path), folder());
        return Promise.resolve();
      },
      rename: async (from, to) => {
        step();
        const entry = find(from);
        folderAt(dirname(from)).entries.delete(nameOf(from));
        folderAt(dirname(to)).entries.set(nameOf(to), entry);
        return Promise.resolve();
      },
      readFile: async (path) => {
        step();
        const entry = find(path);
        if (entry.kind === "folder") throw failure("EISDIR");
        return Promise.resolve(Buffer.from(entry.content));
      },
      readdir: async (path) => {
        step();
        return Promise.resolve([...folderAt(path).entries.keys()]);
      },
      rm: async (path) => {
        step();
        try {
          folderAt(dirname(path)).entries.delete(nameOf(path));
        } catch {
          // force: nothing there is as good as removed
        }
        return Promise.resolve();
      },
    };
  }
}
