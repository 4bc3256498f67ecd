import fc from "fast-check";
import { expect, test } from "vitest";
import { openRegistry } from "../../labs/schema/registry.js";
import { ownAddresses } from "../../labs/shared/config.js";
import { compatibility, type RecordSchema } from "../../solutions/35-is-this-change-compatible.js";
import { pair } from "../exercises/35-is-this-change-compatible/pairs.js";
import { config, uniqueName } from "./environment.js";

const PAIRS = 200;
const registry = openRegistry(ownAddresses(config.stack).registry);

/** What the registry says about a newer version of a schema. */
async function asked(older: RecordSchema, newer: RecordSchema) {
  const subject = uniqueName("pair");
  const [first, second] = [older, newer].map((each) => ({
    type: "AVRO" as const,
    text: JSON.stringify(each),
  }));
  await registry.register(subject, first!);
  const says = async (level: "BACKWARD" | "FORWARD" | "FULL") => {
    await registry.setCompatibility(subject, level);
    return registry.isCompatible(subject, second!);
  };
  const backward = await says("BACKWARD");
  return { backward, forward: await says("FORWARD"), full: await says("FULL") };
}

test("the registry says about random pairs of versions what exercise 35 says", async () => {
  const field = { name: "constructor", type: "int" } as const;
  const record = (...fields: RecordSchema["fields"]): RecordSchema => ({
    type: "record",
    name: "Price",
    fields,
  });
  const pairs = [
    [record(), record(field)] as const,
    [record(field), record({ ...field, default: 0 })] as const,
    ...fc.sample(pair, { seed: 42, numRuns: PAIRS }),
  ];
  const counts = { compatible: 0, incompatible: 0 };
  for (const [older, newer] of pairs) {
    const says = await asked(older, newer);
    expect(says, JSON.stringify({ older, newer })).toEqual(compatibility(older, newer));
    counts[says.full ? "compatible" : "incompatible"]++;
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(PAIRS / 10);
});
