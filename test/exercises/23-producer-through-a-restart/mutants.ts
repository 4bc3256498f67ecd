import type { Mutants } from "../mutants.js";

const RETRY = "    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 90 },\n";
const SEND = "      await producer.send({ topic, acks: -1, messages: [{ partition: 0, value }] });";

export const mutants: Mutants = {
  "default-retries": [
    "The five retries of kafkajs are over before the broker is back.",
    [RETRY, ""],
  ],
  "no-acknowledgement": [
    "With acks=0 nobody says whether a value was stored.",
    ["acks: -1", "acks: 0"],
  ],
  "errors-swallowed": [
    "A value that could not be sent is skipped.",
    ["retries: 90", "retries: 2"],
    [SEND, SEND.replace(";", ".catch(() => {});")],
  ],
  "after-the-last": [
    "Until all values have arrived, they are only in memory.",
    [
      "    for await (const value of values) {",
      "    const all: string[] = [];\n    for await (const value of values) all.push(value);\n    for (const value of all) {",
    ],
  ],
  "all-at-once": [
    "Sends overlap: a retried one is stored after later ones.",
    [
      "    for await (const value of values) {",
      "    const sends: Promise<unknown>[] = [];\n    for await (const value of values) {",
    ],
    [SEND, SEND.replace("await producer.send(", "sends.push(producer.send(").replace(";", ");")],
    ["    }\n  } finally {", "    }\n    await Promise.all(sends);\n  } finally {"],
  ],
};
