import fs, { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "./errors.js";

// Local files and folders that survive a power cut. The content of a file is on disk once the file is synced; its name is on
// disk once its folder is synced (fsync(2), rename(2)).

/** An open file: the methods of Node's FileHandle that the lab uses. */
export interface OpenFile {
  appendFile(content: Uint8Array): Promise<void>;
  writeFile(content: Uint8Array | string | AsyncIterable<Uint8Array | string>): Promise<void>;
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number }>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Flags to append to an existing file; a missing file is not created. */
export const APPEND = constants.O_WRONLY | constants.O_APPEND;

/** The file operations that the store and the event log use: few enough for a test to replace the disk. */
export interface Disk {
  /** `r`: read, or sync a folder; `w`: create or overwrite; `a+`: read and append; APPEND: append to an existing file. */
  open(path: string, flags: "r" | "w" | "a+" | typeof APPEND): Promise<OpenFile>;
  mkdir(path: string): Promise<unknown>;
  rename(from: string, to: string): Promise<void>;
  readFile(path: string): Promise<Buffer>;
  readdir(path: string): Promise<string[]>;
  rm(path: string, options: { recursive: true; force: true }): Promise<void>;
}

export interface DiskOptions {
  /** Whether written data must survive a power cut. If false, the operating system decides when it is written to disk. */
  sync?: boolean;
  /** This machine's disk by default. */
  disk?: Disk;
}

const [open, rm, fsync] = [promisify(fs.open), promisify(fs.rm), promisify(fs.fsync)];

/** The result of a synchronous call, as a promise. */
const now = <T>(call: () => T): Promise<T> => new Promise((resolve) => resolve(call()));

/**
 * The disk of this machine. Calls that only reach the operating system's cache take microseconds and are synchronous: as
 * asynchronous calls, each costs two changes of threads, and a batch makes more than a hundred. Creating files for
 * each batch, removing and syncing them may wait for the disk, so they must not block the process.
 */
export const nodeDisk: Disk = {
  open: async (path, flags) =>
    openedFile(flags === "w" ? await open(path, flags) : fs.openSync(path, flags)),
  mkdir: (path) => now(() => fs.mkdirSync(path)),
  rename: (from, to) => now(() => fs.renameSync(from, to)),
  readFile: (path) => now(() => fs.readFileSync(path)),
  readdir: (path) => now(() => fs.readdirSync(path)),
  rm,
};

const openedFile = (file: number): OpenFile => ({
  appendFile: (content) => now(() => fs.appendFileSync(file, content)),
  async writeFile(content) {
    if (typeof content === "string" || content instanceof Uint8Array) {
      fs.writeFileSync(file, content);
    } else for await (const piece of content) fs.writeFileSync(file, piece);
  },
  read: (buffer, offset, length, position) =>
    now(() => ({ bytesRead: fs.readSync(file, buffer, offset, length, position) })),
  stat: () => now(() => fs.fstatSync(file)),
  truncate: (size) => now(() => fs.ftruncateSync(file, size)),
  sync: () => fsync(file),
  close: () => now(() => fs.closeSync(file)),
});

/** Syncs a folder: afterwards, the names in it are on disk. */
export async function syncFolder(path: string, disk: Disk = nodeDisk): Promise<void> {
  try {
    const folder = await disk.open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    // Some file systems cannot sync folders (EINVAL, ENOTSUP), and a folder without read permission cannot be opened (EACCES).
    if (!["EINVAL", "ENOTSUP", "EACCES"].includes(errorCode(error) ?? "")) throw error;
  }
}

/** Whether a file or folder exists. */
export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Creates a folder and its missing parent folders. Node 20's recursive `mkdir` never returns if a folder cannot be created
 * although its parent exists, as in `/proc`; this function fails.
 *
 * @param synced whether the folder and its new parent folders must survive a power cut
 */
export async function makeFolders(path: string, synced = false, disk = nodeDisk): Promise<void> {
  try {
    await disk.mkdir(path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") {
      if (!(await isFolder(path, disk))) throw error;
    } else {
      const parent = dirname(path);
      if (errorCode(error) !== "ENOENT" || parent === path) throw error;
      await makeFolders(parent, synced, disk);
      await disk.mkdir(path).catch(async (again: unknown) => {
        // Another process may have created it meanwhile.
        if (errorCode(again) !== "EEXIST" || !(await isFolder(path, disk))) throw again;
      });
    }
  }
  // An existing folder, too: the run that created it may have been killed before it synced.
  if (synced) await syncFolder(dirname(path), disk);
}

async function isFolder(path: string, disk: Disk): Promise<boolean> {
  return disk.readdir(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== "ENOTDIR",
  );
}
