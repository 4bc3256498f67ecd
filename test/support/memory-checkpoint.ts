import { TOPIC } from "../../labs/log/log.js";
import { openCheckpoint, type StoredCheckpoint } from "../../labs/stream/checkpoint.js";
import { memoryStore, type MemoryStore } from "./memory-store.js";

/** A checkpoint in memory. @param store the store of an earlier checkpoint, to continue from it */
export const memoryCheckpoint = (store: MemoryStore = memoryStore()): Promise<StoredCheckpoint> =>
  openCheckpoint(store, TOPIC, {});
