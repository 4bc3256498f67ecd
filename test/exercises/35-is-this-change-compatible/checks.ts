import avro from "avsc";
import fc from "fast-check";
import type { Field, RecordSchema } from "../../../solutions/35-is-this-change-compatible.js";
import * as solution from "../../../solutions/35-is-this-change-compatible.js";
import { checksOf, expectResult, forAll } from "../checks.js";
import { pair } from "./pairs.js";

const check = checksOf(solution);

const RUNS = 1_500;

const SAMPLES = { int: -7, long: 2 ** 40, float: 1.5, double: 0.1, string: "é" };

/** Values of a type; of a union, one of each branch. */
const valuesOf = (type: Field["type"]) =>
  typeof type === "string" ? [SAMPLES[type]] : [null, SAMPLES[type[1]]];

/** The judge: writes records with one schema, and really reads them with the other. */
function reallyReads(reader: RecordSchema, writer: RecordSchema): boolean {
  try {
    const [from, to] = [writer, reader].map((each) => avro.Type.forSchema(each as avro.Schema));
    const resolver = to!.createResolver(from!);
    for (const index of [0, 1]) {
      const values = writer.fields.map(({ name, type }) => [name, valuesOf(type).at(-index)]);
      to!.fromBuffer(from!.toBuffer(Object.fromEntries(values)), resolver);
    }
    return true;
  } catch {
    return false;
  }
}

/** A schema for people, such as `price double (alias price_usd), venue string = "unknown"`. */
const text = ({ fields }: RecordSchema) =>
  fields
    .map(({ name, type, default: value, aliases = [] }) => {
      const typeText = typeof type === "string" ? type : `[${type.join(" or ")}]`;
      const defaultText = value === undefined ? "" : ` = ${JSON.stringify(value)}`;
      return `${name} ${typeText}${defaultText}${aliases.map((each) => ` (alias ${each})`).join("")}`;
    })
    .join(", ") || "no fields";

const record = (...fields: Field[]): RecordSchema => ({ type: "record", name: "Price", fields });

type Subject = typeof solution;
const RULE =
  "For each field of the reader: a field of the writer with this name or one of the reader's aliases, and a type that fits; or else a default.";

const askRead = (subject: Subject, reader: RecordSchema, writer: RecordSchema, idea: string) =>
  expectResult(
    `canRead(reader, writer)\nreader: ${text(reader)}\nwriter: ${text(writer)}`,
    () => subject.canRead(structuredClone(reader), structuredClone(writer)),
    reallyReads(reader, writer),
    idea,
  );

/** Pairs of a reader and a writer that show one rule. */
const reads = (name: string, idea: string, ...pairs: [reader: Field[], writer: Field[]][]) =>
  check.scenario(name, async (subject) => {
    for (const [reader, writer] of pairs) {
      await askRead(subject, record(...reader), record(...writer), idea);
    }
  });

const price: Field = { name: "price_usd", type: "double" };
const size: Field = { name: "size", type: "int" };
const maybe: Field = { name: "size", type: ["null", "int"] };
const TYPES = ["int", "long", "float", "double", "string"] as const;
const each = (make: (type: (typeof TYPES)[number]) => Field): Field[] => TYPES.map(make);
const pairsOf = (readers: Field[], writers: Field[]): [Field[], Field[]][] =>
  readers.flatMap((reader) => writers.map((writer): [Field[], Field[]] => [[reader], [writer]]));

const plain = each((type) => ({ name: "size", type }));
const unions = each((type) => ({ name: "size", type: ["null", type] }));

export default [
  reads(
    "fields that are the same, in any order",
    "Fields are matched by name, not by position.",
    [[price], [price]],
    [
      [price, size],
      [size, price],
    ],
    [[], []],
  ),
  reads(
    "a field that only the writer has",
    "The reader skips what it does not know.",
    [[price], [price, size]],
    [[], [size]],
  ),
  reads(
    "a field that only the reader has",
    "It needs a default. null, 0 and the empty string are defaults, too.",
    [[price, size], [price]],
    [[price, { ...size, default: 7 }], [price]],
    [[price, { ...size, default: 0 }], [price]],
    [[price, { name: "venue", type: "string", default: "" }], [price]],
    [[price, maybe], [price]],
    [[price, { ...maybe, default: null }], [price]],
    [[size], []],
  ),
  reads(
    "numbers that grow, and text",
    "int → long → float → double, in this direction only. A default does not help if the type does not fit.",
    ...pairsOf(plain, plain),
    [[{ ...size, default: 0 }], [{ ...size, type: "string" }]],
  ),
  reads(
    "fields that may be null",
    "A reader without null cannot read a null. A reader with null reads both.",
    ...pairsOf(unions, plain),
    ...pairsOf(plain, unions),
    ...pairsOf(unions, unions),
    [[{ ...size, default: 0 }], [maybe]],
  ),
  reads(
    "a field that was renamed",
    "Only the reader's aliases count: they are other names under which it looks for the field.",
    [[{ ...price, name: "price" }], [price]],
    [[{ ...price, name: "price", aliases: ["price_usd"] }], [price]],
    [[{ ...price, name: "price", aliases: ["cost", "price_usd"] }], [price]],
    [[price], [{ ...price, name: "price", aliases: ["price_usd"] }]],
    [[{ ...price, name: "price", aliases: ["price_usd"] }], [{ ...price, type: "string" }]],
    [[{ ...price, name: "price", aliases: ["cost"], default: 0 }], [price]],
  ),
  check.example(
    "a field called constructor",
    "canRead",
    [record({ name: "constructor", type: "int" }), record()],
    false,
    "An object has a member of this name. Use a Map, or find, to look up fields.",
  ),
  check.scenario("any two versions, read in earnest", (subject) =>
    forAll(
      fc.tuple(pair, fc.boolean()),
      ([versions, isSwapped]) => {
        const [reader, writer] = isSwapped ? versions : [versions[1], versions[0]];
        return askRead(subject, reader, writer, RULE);
      },
      RUNS,
    ),
  ),
  check.scenario("what the registry says about two versions", (subject) =>
    forAll(
      pair,
      ([older, newer]) => {
        const backward = reallyReads(newer, older);
        const forward = reallyReads(older, newer);
        return expectResult(
          `compatibility(older, newer)\nolder: ${text(older)}\nnewer: ${text(newer)}`,
          () => subject.compatibility(structuredClone(older), structuredClone(newer)),
          { backward, forward, full: backward && forward },
          "Backward: the newer version reads the older one's data. Forward: the older version reads the newer one's data.",
        );
      },
      RUNS,
    ),
  ),
];
