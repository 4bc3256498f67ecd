import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../../shared/errors.js";
import { countedFile, type CountedFile } from "./footer.js";
import { hdfsHttp, type HdfsLocation } from "../../store/hdfs.js";

// How HDFS stores a file: it is split into blocks, and DataNodes store each block as a file (HDFS documentation, "HDFS
// Architecture" and "WebHDFS REST API").

export interface Block {
  /** Its position in the file, in bytes. */
  offset: number;
  bytes: number;
  blockId: number;
}

interface LocatedBlocks {
  LocatedBlocks: {
    locatedBlocks: { startOffset: number; block: { blockId: number; numBytes: number } }[];
  };
}

const urlOf = ({ host, httpHost = host, httpPort }: HdfsLocation, path: string, query: string) =>
  `http://${httpHost}:${httpPort}/webhdfs/v1${path}?${query}`;

/** The blocks of a file, according to the NameNode. */
export async function fileBlocks(location: HdfsLocation, path: string): Promise<Block[]> {
  const { data } = await hdfsHttp.get<LocatedBlocks>(
    urlOf(location, location.path + path, "op=GET_BLOCK_LOCATIONS"),
  );
  return data.LocatedBlocks.locatedBlocks.map(({ startOffset, block }) => {
    return { offset: startOffset, bytes: block.numBytes, blockId: block.blockId };
  });
}

/** Reads a block from a DataNode's disk. @throws LabError if it is not there */
export async function readBlock(dataFolder: string, { blockId }: Block): Promise<Buffer> {
  const names = await readdir(dataFolder, { recursive: true });
  const found = names.find((name) => name.endsWith(`/blk_${blockId}`));
  if (found === undefined) throw new LabError(`the block ${blockId} is not in ${dataFolder}`);
  return readFile(join(dataFolder, found));
}

/** All names in a folder, including files that are being written. */
export async function namesIn(location: HdfsLocation, path: string): Promise<string[]> {
  const { data } = await hdfsHttp.get<{
    FileStatuses: { FileStatus: { pathSuffix: string }[] };
  }>(urlOf(location, location.path + path, "op=LISTSTATUS"));
  return data.FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix);
}

/** The objects that the NameNode keeps in memory for a folder and everything below it. */
export async function namesBelow(
  location: HdfsLocation,
  path: string,
): Promise<{ files: number; folders: number; bytes: number }> {
  const { data } = await hdfsHttp.get<{
    ContentSummary: { fileCount: number; directoryCount: number; length: number };
  }>(urlOf(location, location.path + path, "op=GETCONTENTSUMMARY"));
  const { fileCount, directoryCount, length } = data.ContentSummary;
  return { files: fileCount, folders: directoryCount, bytes: length };
}

/** A file on HDFS that is read in pieces, one request each; records what was read. */
export async function hdfsFile(location: HdfsLocation, path: string): Promise<CountedFile> {
  const whole = location.path + path;
  const { data } = await hdfsHttp.get<{ FileStatus: { length: number } }>(
    urlOf(location, whole, "op=GETFILESTATUS"),
  );
  const { length } = data.FileStatus;
  return countedFile(length, async (from, to = length) => {
    const offset = from < 0 ? length + from : from;
    const query = `op=OPEN&offset=${offset}&length=${to - offset}`;
    const piece = await hdfsHttp.get<ArrayBuffer>(urlOf(location, whole, query), {
      responseType: "arraybuffer",
    });
    return Uint8Array.from(Buffer.from(piece.data)).buffer;
  });
}
