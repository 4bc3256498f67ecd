import fc from "fast-check";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { murmur2, partitionOf } from "../../labs/log/partition.js";

test("the hash is Kafka's, on the vectors of Kafka's own test", () => {
  const vectors: Record<string, number> = {
    "21": -973932308,
    foobar: -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(vectors)) expect(murmur2(Buffer.from(key))).toBe(hash);
});

test("any key goes to the partition that kafkajs, and so Kafka, would choose", () => {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 50 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: 1,
        replicas: [1],
        isr: [1],
      }));
      const expected = choose({ topic: "t", partitionMetadata, message: { key, value: "" } });
      expect(partitionOf(key, count)).toBe(expected);
    }),
  );
});
