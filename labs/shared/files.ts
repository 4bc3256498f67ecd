import { constants } from "node:fs";
import fs from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "./errors.js";

// Files and folders of this machine, and what it takes that they outlive a power cut: what was written to a file is on the
// disk once the file is synced, its name and its place once the folder is (fsync(2), rename(2)).

/** An open file: what the lab uses of Node's. */
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

/** Flags to write at the end of a file that is there: one that is missing is not made. */
export const APPEND = constants.O_WRONLY | constants.O_APPEND;

/** The operations on files that the store and the event log are made of: so few that a test can stand in for the disk. */
export interface Disk {
  /** `r` to read or to sync a folder, `w` to write anew, `a+` to read and append, APPEND to append to what is there. */
  open(path: string, flags: "r" | "w" | "a+" | typeof APPEND): Promise<OpenFile>;
  mkdir(path: string): Promise<unknown>;
  rename(from: string, to: string): Promise<void>;
  readFile(path: string): Promise<Buffer>;
  readdir(path: string): Promise<string[]>;
  rm(path: string, options: { recursive: true; force: true }): Promise<void>;
}

export interface DiskOptions {
  /** Whether what is written must outlive a power cut. Without it the system writes to the disk when it likes. */
  sync?: boolean;
  /** By default this machine's. */
  disk?: Disk;
}

/** This machine's own. */
export const nodeDisk: Disk = fs;

/** Syncs a folder: the names in it are on the disk then. */
export async function syncFolder(path: string, disk: Disk = nodeDisk): Promise<void> {
  try {
    const folder = await disk.open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    // Some file systems cannot (EINVAL, ENOTSUP), and a folder that may not be read cannot be opened (EACCES).
    if (!["EINVAL", "ENOTSUP", "EACCES"].includes(errorCode(error) ?? "")) throw error;
  }
}

/**
 * Makes a folder and those above it, where they are missing. Unlike Node 20's recursive `mkdir` it ends where nobody can
 * make a folder although the one above it is there: in `/proc`, say.
 *
 * @param synced whether the folder and those made above it must outlive a power cut
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
        // Another process may have been faster.
        if (errorCode(again) !== "EEXIST" || !(await isFolder(path, disk))) throw again;
      });
    }
  }
  // One that was there too: it may be left over from a run that was killed before it synced.
  if (synced) await syncFolder(dirname(path), disk);
}

async function isFolder(path: string, disk: Disk): Promise<boolean> {
  return disk.readdir(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== "ENOTDIR",
  );
}
