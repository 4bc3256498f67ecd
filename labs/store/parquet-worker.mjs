import { parentPort } from "node:worker_threads";
import { tsImport } from "tsx/esm/api";

// The thread that parquet-thread.ts starts. It is JavaScript because Node 20 cannot load TypeScript as the first module of a
// thread, not even under tsx.

/** @type {typeof import("./parquet.js")} */
const { encodeTable } = await tsImport("./parquet.ts", import.meta.url);

/** @type {(answer: import("./parquet-thread.js").EncodeAnswer, given?: ArrayBuffer[]) => void} */
const answer = (message, given = []) => parentPort?.postMessage(message, given);

/** @param {import("./parquet-thread.js").EncodeRequest} request */
async function encode({ id, columns, table }) {
  try {
    const content = new Uint8Array(await encodeTable(columns, table)); // a small buffer shares its memory with others: it cannot be given away
    answer({ id, content }, [content.buffer]);
  } catch (error) {
    answer({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

parentPort?.on("message", encode);
answer({ started: true });
