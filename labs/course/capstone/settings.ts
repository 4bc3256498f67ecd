import { ownAddresses, readConfig } from "../../shared/config.js";
import { UsageError } from "../../shared/errors.js";
import { hdfsStore, parseNameNode } from "../../store/hdfs.js";
import type { Store } from "../../store/store.js";

/** Where the programs of the capstone read and write. */
export interface CapstoneSettings {
  /** The vendor's server, `http://host:port`. */
  feedUrl: string;
  /** `host:port` of Kafka's brokers. */
  brokers: string[];
  topic: string;
  /** The folder of the products on HDFS. */
  store: Store;
}

/**
 * Reads the environment variables that `labs/exercises/capstone/README.md` lists.
 *
 * @throws UsageError if one is missing
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): CapstoneSettings {
  const required = (name: string): string => {
    const value = environment[name];
    if (value) return value;
    throw new UsageError(`${name} is not set: npm run check -- capstone --feed prints all of them`);
  };
  const feedUrl = required("FEED_URL");
  const topic = required("TOPIC");
  const path = required("OUT");
  required("KAFKA_BROKERS");
  required("HDFS_URL");
  const { kafka, hdfsUrl, webhdfsUrl, hdfsUser, stack } = readConfig(environment);
  const nameNode = parseNameNode(hdfsUrl, webhdfsUrl, ownAddresses(stack).hdfs)!;
  return {
    feedUrl,
    brokers: [...kafka!.brokers],
    topic,
    store: hdfsStore({ ...nameNode, path }, true, { user: hdfsUser }),
  };
}
