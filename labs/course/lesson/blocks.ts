import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../../shared/errors.js";

/**
 * Reads a block from a DataNode's disk: it stores each block as a file (HDFS documentation, "HDFS Architecture").
 *
 * @throws LabError if it is not there
 */
export async function readBlock(dataFolder: string, blockId: number): Promise<Buffer> {
  const names = await readdir(dataFolder, { recursive: true });
  const found = names.find((name) => name.endsWith(`/blk_${blockId}`));
  if (found === undefined) throw new LabError(`the block ${blockId} is not in ${dataFolder}`);
  return readFile(join(dataFolder, found));
}
