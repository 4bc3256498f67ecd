import fc from "fast-check";
import type { Field, RecordSchema } from "../../../solutions/35-is-this-change-compatible.js";

// Pairs of versions of a schema, as they could follow one another.

const PRIMITIVES = ["int", "long", "float", "double", "string"] as const;
const NAMES = ["asset", "price", "price_usd", "venue", "size", "event_time", "note"];

const primitive = fc.constantFrom(...PRIMITIVES);
const type: fc.Arbitrary<Field["type"]> = fc.oneof(
  primitive,
  primitive.map((each): ["null", typeof each] => ["null", each]),
);

/** Defaults as people write them: 0, "" and null are among them. */
const defaultOf = (each: Field["type"]): fc.Arbitrary<number | string | null> => {
  if (typeof each !== "string") return fc.constant(null);
  return each === "string" ? fc.constantFrom("", "unknown") : fc.constantFrom(0, 7);
};

const field = (name: string): fc.Arbitrary<Field> =>
  fc
    .tuple(type, fc.boolean(), fc.subarray(NAMES, { maxLength: 2 }), fc.nat(2))
    .chain(([each, hasDefault, aliases, some]) =>
      fc.record({
        name: fc.constant(name),
        type: fc.constant(each),
        ...(hasDefault ? { default: defaultOf(each) } : {}),
        ...(some === 0 && aliases.length > 0 ? { aliases: fc.constant(aliases) } : {}),
      }),
    );

const fields: fc.Arbitrary<Field[]> = fc
  .shuffledSubarray(NAMES, { maxLength: 4 })
  .chain((names) => fc.tuple(...names.map(field)));

/** How the newer version treats a field of the older one. */
const change = fc.oneof(
  { weight: 4, arbitrary: fc.constant("kept" as const) },
  fc.constantFrom("dropped", "retyped", "renamed", "defaulted", "aliased"),
);

/** A field of the newer version; undefined if it has none. */
function changed(old: Field, what: string, fresh: Field): Field | undefined {
  if (what === "dropped") return undefined;
  if (what === "retyped") return { ...fresh, name: old.name };
  if (what === "renamed") return { ...old, name: fresh.name };
  if (what === "aliased") return { ...old, name: fresh.name, aliases: [old.name] };
  if (what === "defaulted") {
    const { default: had, ...rest } = old;
    if (had !== undefined) return rest;
    if (typeof old.type !== "string") return { ...old, default: null };
    return { ...old, default: old.type === "string" ? "" : 0 };
  }
  return old;
}

const record = (all: Field[]): RecordSchema => ({ type: "record", name: "Price", fields: all });
const namesOf = (each: Field) => [each.name, ...(each.aliases ?? [])];

/** Whether all names and aliases of a schema are different. */
function isUnique({ fields: all }: RecordSchema): boolean {
  const names = all.flatMap(namesOf);
  return new Set(names).size === names.length;
}

/** Whether no field of the reader matches two of the writer's. (Java's Avro refuses such a pair.) */
const isClear = (reader: RecordSchema, writer: RecordSchema) =>
  reader.fields.every(
    (each) => writer.fields.filter(({ name }) => namesOf(each).includes(name)).length <= 1,
  );

/** Two versions of a record, an older one and a newer one. */
export const pair: fc.Arbitrary<[older: RecordSchema, newer: RecordSchema]> = fc
  .tuple(fields, fields, fc.array(change, { minLength: 4, maxLength: 4 }), fc.boolean())
  .map(([old, fresh, changes, addsMore]): [RecordSchema, RecordSchema] => {
    const unused = fresh.filter(({ name }) => !old.some((each) => namesOf(each).includes(name)));
    const next = old.map((each, index) => changed(each, changes[index]!, unused[index] ?? each));
    const kept = next.filter((each) => each !== undefined);
    const more = unused.slice(old.length - (addsMore ? 1 : 0));
    return [record(old), record([...more, ...kept])];
  })
  .filter(
    ([older, newer]) =>
      isUnique(older) && isUnique(newer) && isClear(older, newer) && isClear(newer, older),
  );
