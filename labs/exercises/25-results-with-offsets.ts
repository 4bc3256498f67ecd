import { notDone } from "./not-done.js";
import { readFile, rename, writeFile } from "node:fs/promises";
import { Kafka, logLevel } from "kafkajs";

/**
 * Adds up the amounts in a topic, per key, in a JSON file: `{"totals": {"bitcoin": 12, "solana": 7}}`, and anything else that
 * you want to store there. A record's key, which may be any text, names the total; its value is a whole number such as `"3"`.
 * Resolves when the totals in the file contain every record that the topic contained at the time of the call. Each counts once.
 * If there is none, the file need not exist.
 *
 * The process may be killed at any moment, again and again, and the next call, in another process, continues with the file.
 * No record may then count twice or be lost. Others read the file at any moment: it is either missing or complete. The file
 * must be updated at least every 500 records, so that a crash costs little.
 *
 * Offsets that Kafka stores for a group cannot be updated together with a file. But kafkajs cannot read without a group: use any
 * name that begins with `groupId`. With a new name for every call you need not wait for the session of the killed member to end.
 *
 * @param brokers `host:port` of the brokers
 * @param path the file; its folder exists
 */
export async function addUp(
  brokers: string[],
  topic: string,
  path: string,
  groupId: string,
): Promise<void> {
  // TODO
  return notDone(brokers, topic, path, groupId, readFile, rename, writeFile, Kafka, logLevel);
}
