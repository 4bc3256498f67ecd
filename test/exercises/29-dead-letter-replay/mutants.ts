import type { Mutants } from "../mutants.js";

const COMMIT =
  "        await consumer.commitOffsets([{ topic: deadLetters, partition, offset: String(next) }]);\n";

export const mutants: Mutants = {
  "key-lost": [
    "Without the key, the records of an asset are spread over all partitions.",
    ["messages: [{ key, value: sent, headers }]", "messages: [{ value: sent, headers }]"],
  ],
  "always-from-the-beginning": [
    "A second replay sends everything again.",
    [
      "const unread = await unreadPartitions(kafka, deadLetters, groupId);",
      "groupId += `-${Date.now()}`;\n  const unread = await unreadPartitions(kafka, deadLetters, groupId);",
    ],
  ],
  "parked-ones-dropped": [
    "What cannot be repaired is lost.",
    [
      "        await producer.send({ topic, messages",
      "        if (repaired !== undefined) await producer.send({ topic, messages",
    ],
  ],
  "not-awaited": [
    "Nobody waits for the send, so nobody notices that it failed.",
    ["        await producer.send(", "        producer.send("],
    [
      "messages: [{ key, value: sent, headers }] });",
      "messages: [{ key, value: sent, headers }] }).catch(() => {});",
    ],
  ],
  "commits-first": [
    "A dead letter is committed before its repaired record is stored.",
    [COMMIT, ""],
    [
      "        await producer.send(",
      COMMIT.replace("String(next)", "String(Number(offset) + 1)") + "        await producer.send(",
    ],
  ],
  "commits-the-handled-one": [
    "The last record of each partition is sent again by the next replay.",
    [COMMIT, COMMIT.replace("String(next)", "offset")],
  ],
};
