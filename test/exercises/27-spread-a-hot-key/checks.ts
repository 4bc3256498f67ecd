import { partitionOf } from "../../../labs/log/partition.js";
import { readTopic } from "../../../labs/course/lesson/topic.js";
import * as solution from "../../../solutions/27-spread-a-hot-key.js";
import { checksOf, wrong } from "../checks.js";
import { brokers, kafka, withTopic, type Sent } from "../systems.js";

const check = checksOf(solution);

type Keyed = Sent & { key: string; value: string };

/** Records in which every third one has another key, and the rest one of the hot keys. */
function records(count: number, hot: readonly string[], others: readonly string[]): Keyed[] {
  return Array.from({ length: count }, (_, index) => {
    const keys = index % 3 === 0 || hot.length === 0 ? others : hot;
    return { key: keys[(index * 7) % keys.length]!, value: `value ${index}` };
  });
}

/** How many records of a key each partition has. */
function countsOf(
  key: string,
  found: readonly { key: string; partition: number }[],
  partitions: number,
): number[] {
  return Array.from({ length: partitions }, (_, partition) => {
    return found.filter((each) => each.key === key && each.partition === partition).length;
  });
}

const spreads = (name: string, partitions: number, sent: Keyed[], hotKeys: string[]) =>
  check.scenario(name, (subject) =>
    withTopic("hot", partitions, async (topic) => {
      const input = `${sent.length} records, ${partitions} partitions, hot: ${hotKeys.join(", ") || "none"}`;
      await subject.sendSpread(
        brokers,
        topic,
        sent.map((each) => ({ ...each })),
        hotKeys,
      );
      const found = await readTopic(kafka, topic);

      const text = (all: readonly { key: string; value: string | null }[]) =>
        all.map(({ key, value }) => `${key}: ${value}`).sort();
      const [expected, stored] = [text(sent), text(found)];
      const at = expected.findIndex((each, index) => each !== stored[index]);
      if (at >= 0 || expected.length !== stored.length) {
        const [right, yours] =
          at >= 0
            ? [expected[at]!, stored[at] ?? "nothing"]
            : [`${expected.length} records`, `${stored.length} records`];
        throw wrong(input, right, yours, "Keep each key and value, and send each record once.");
      }
      for (const key of new Set(sent.map((each) => each.key))) {
        const counts = countsOf(key, found, partitions);
        const each = `${key} by partition: ${counts.join(", ")}`;
        if (hotKeys.includes(key)) {
          if (Math.max(...counts) - Math.min(...counts) > 1) {
            throw wrong(
              input,
              `${key} in all partitions, the same number in each`,
              each,
              "Take the partitions in turn, for each hot key.",
            );
          }
          continue;
        }
        const usual = partitionOf(key, partitions);
        if (counts.some((count, partition) => count > 0 && partition !== usual)) {
          throw wrong(
            input,
            `${key} only in partition ${usual}`,
            each,
            "Leave all other keys to Kafka's default partitioner.",
          );
        }
        const values = found.filter((record) => record.key === key).map(({ value }) => value!);
        const inOrder = sent.filter((record) => record.key === key).map(({ value }) => value);
        if (values.join() !== inOrder.join()) {
          throw wrong(
            input,
            `${key}: ${inOrder.slice(0, 5).join(", ")} …`,
            `${values.slice(0, 5).join(", ")} …`,
            "A key that is not hot keeps its order.",
          );
        }
      }
    }),
  );

const ASSETS = [
  "bitcoin",
  "ethereum",
  "solana",
  "dogecoin",
  "cardano",
  "price of a thing",
  "Ω",
  "",
];

export default [
  spreads("one hot key", 4, records(400, ["bitcoin"], ASSETS.slice(1)), ["bitcoin"]),
  spreads(
    "two hot keys, each in all partitions",
    3,
    records(300, ["bitcoin", "ethereum"], ASSETS.slice(2)),
    ["bitcoin", "ethereum"],
  ),
  spreads("no hot key", 5, records(100, [], ASSETS), []),
  spreads(
    "a hot key with few records, and names like those of every object",
    3,
    records(20, ["constructor"], ["toString", "bitcoin"]),
    ["constructor"],
  ),
];
