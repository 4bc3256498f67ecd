import { readFile } from "node:fs/promises";
import avro from "avsc";
import fc from "fast-check";
import {
  priceEventVersions,
  type AvroField,
  type AvroRecord,
} from "../../../labs/course/lesson/price-event-versions.js";
import type {
  Decoded,
  Rejected,
  VenuePrice,
} from "../../../solutions/36-three-versions-one-event.js";
import * as solution from "../../../solutions/36-three-versions-one-event.js";
import { checksOf, expectResult, forAll, settled, shown, wrong } from "../checks.js";
import * as domains from "../domains.js";

const check = checksOf(solution);
type Subject = typeof solution;

const LIMIT_MS = 2_000;

/** A writer: its schema, and what it writes of an event. */
interface Writer {
  name: string;
  schema: object | string;
  /** The fields of an event, as the schema names them. */
  fields(event: VenuePrice): object;
  /** What a reader finds. */
  read(event: VenuePrice): VenuePrice;
}

const [FIRST, SECOND, THIRD] = priceEventVersions(
  await readFile("labs/schema/price-event.avsc", "utf8"),
);
const withFields = (fields: AvroField[]): AvroRecord => ({ ...FIRST, fields });

const base = ({ asset, eventTimeMs }: VenuePrice) => ({ asset, event_time: eventTimeMs });
const firstFields = (event: VenuePrice) => ({ ...base(event), price_usd: event.priceUsd });
const more = ({ venue, eventId }: VenuePrice) => ({ venue, event_id: eventId });
const thirdFields = (event: VenuePrice) => ({
  ...base(event),
  ...more(event),
  price: event.priceUsd,
});
const unknownVenue = { venue: "unknown", eventId: null };
const asItIs = (event: VenuePrice) => event;

const V1: Writer = {
  name: "version 1",
  schema: FIRST,
  fields: firstFields,
  read: (event) => ({ ...event, ...unknownVenue }),
};
const V2: Writer = {
  name: "version 2",
  schema: SECOND,
  fields: (event) => ({ ...firstFields(event), ...more(event) }),
  read: asItIs,
};
const V3: Writer = { name: "version 3", schema: THIRD, fields: thirdFields, read: asItIs };
/** Versions that may follow. */
const LATER: Writer[] = [
  {
    name: "a version with more fields, in another order",
    schema: withFields([
      { name: "currency", type: "string", default: "USD" },
      ...[...THIRD.fields].reverse(),
      { name: "size", type: ["null", "double"], default: null },
    ]),
    fields: (event) => ({ ...thirdFields(event), currency: "EUR", size: 0.25 }),
    read: asItIs,
  },
  {
    name: "a version with a float as price and without an event_id",
    schema: withFields(
      SECOND.fields
        .filter(({ name }) => name !== "event_id")
        .map((each) => (each.name === "price_usd" ? { ...each, type: "float" } : each)),
    ),
    fields: (event) => ({ ...firstFields(event), venue: event.venue }),
    read: (event) => ({ ...event, priceUsd: Math.fround(event.priceUsd), eventId: null }),
  },
];
const WRITERS = [V1, V2, V3, ...LATER];

/** Schemas from which no event can be read. */
const STRANGERS = [
  "string",
  withFields(FIRST.fields.filter(({ name }) => name !== "price_usd")),
  withFields([...FIRST.fields.slice(1), { name: "asset", type: "long" }]),
  { ...FIRST, fields: [{ name: "title", type: "string" }] },
  { $schema: "http://json-schema.org/draft-07/schema#", properties: {} },
];

/** What a record is: its bytes, and what a decoder must make of them. */
interface Case {
  /** For people. */
  text: string;
  bytes: Buffer;
  expected: VenuePrice | Rejected["reason"];
}

function header(id: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(id, 1);
  return bytes;
}

const types = new Map<Writer, avro.Type>(
  WRITERS.map((writer) => [writer, avro.Type.forSchema(writer.schema as avro.Schema)]),
);

const written = (writer: Writer, id: number, event: VenuePrice): Case => ({
  text: `${writer.name}, id ${id}`,
  bytes: Buffer.concat([header(id), types.get(writer)!.toBuffer(writer.fields(event))]),
  expected: writer.read(event),
});

const json = ({ asset, priceUsd, eventTimeMs }: VenuePrice): Case => ({
  text: "JSON",
  bytes: Buffer.from(
    JSON.stringify({
      asset,
      price_usd: priceUsd,
      event_time: new Date(eventTimeMs).toISOString(),
      venue_id: 7,
    }),
  ),
  expected: { asset, priceUsd, eventTimeMs, ...unknownVenue },
});

const bad = (text: string, bytes: Buffer | string): Case => ({
  text,
  bytes: Buffer.from(bytes),
  expected: "unreadable",
});

const event: fc.Arbitrary<VenuePrice> = fc.record({
  asset: fc.oneof(domains.asset, fc.string({ unit: "grapheme", maxLength: 90 })),
  priceUsd: fc.oneof(domains.price, fc.constantFrom(0, -1)),
  eventTimeMs: domains.nearby(100_000, (timeMs) => timeMs),
  venue: fc.constantFrom("northgate", "unknown", "", "比特"),
  eventId: fc.oneof(fc.constant(null), fc.constantFrom("7", "null", "")),
});

/** The ids of a registry: those of the writers, those of strangers, and one that it does not know. */
interface Ids {
  writers: number[];
  strangers: number[];
  unknown: number;
}
const COUNT = WRITERS.length + STRANGERS.length + 1;
/** An id has four bytes, and only all of them tell it from others. */
const ids: fc.Arbitrary<Ids> = fc
  .uniqueArray(
    fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 3 }).map((each) => each * 256 + 1),
      fc.constantFrom(2 ** 16 + 1, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31 + 1),
    ),
    { minLength: COUNT, maxLength: COUNT },
  )
  .map((all) => ({
    writers: all.slice(0, WRITERS.length),
    strangers: all.slice(WRITERS.length, -1),
    unknown: all.at(-1)!,
  }));

/** Bytes that cannot be read. */
const unreadable = (known: Ids): fc.Arbitrary<Case> =>
  fc.oneof(
    fc.tuple(fc.nat(WRITERS.length - 1), event, fc.nat()).map(([index, each, at]) => {
      const { text, bytes } = written(WRITERS[index]!, known.writers[index]!, each);
      const length = at % bytes.length;
      return bad(`${text}, the first ${length} bytes`, bytes.subarray(0, length));
    }),
    fc.tuple(fc.nat(WRITERS.length - 1), event).map(([index, each]) => {
      const { text, bytes } = written(WRITERS[index]!, known.writers[index]!, each);
      return bad(`${text}, a byte too many`, Buffer.concat([bytes, Buffer.from([0])]));
    }),
    fc.constantFrom(...known.strangers).map((id) => {
      const bytes = types.get(V1)!.toBuffer(V1.fields(EVENT));
      return bad(`the schema of id ${id} does not fit`, Buffer.concat([header(id), bytes]));
    }),
    fc
      .constantFrom(
        ...["", "null", "7", "[]", "{}", "bitcoin", '"bitcoin"', '{"asset":"bitc'],
        '{"asset":"bitcoin","price_usd":"1","event_time":"2025-01-01T10:00:10Z"}',
        '{"asset":7,"price_usd":1,"event_time":"2025-01-01T10:00:10Z"}',
        '{"asset":"bitcoin","price_usd":1,"event_time":"yesterday"}',
        '{"asset":"bitcoin","price_usd":1,"event_time":1735725610000}',
        '{"asset":"bitcoin","price_usd":1}',
      )
      .map((text) => bad(`the text ${text || "(empty)"}`, text)),
    fc.constantFrom([0], [0, 0, 0], [0, 0, 0, 1]).map((bytes) => {
      return bad(`${bytes.length} bytes of a header`, Buffer.from(bytes));
    }),
  );

const record = (known: Ids): fc.Arbitrary<Case> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.nat(WRITERS.length - 1), event)
        .map(([index, each]) => written(WRITERS[index]!, known.writers[index]!, each)),
    },
    event.map(json),
    fc.tuple(event, fc.constantFrom(0, 1, 99)).map(([each, length]): Case => {
      const { bytes } = written(V1, known.unknown, each);
      const text = `id ${known.unknown}, unknown, and at most ${length} bytes`;
      return { text, bytes: bytes.subarray(0, 5 + length), expected: "unknown schema" };
    }),
    { weight: 2, arbitrary: unreadable(known) },
  );

/** A registry that counts what it is asked, and answers in a later turn. */
function registry(schemas: Map<number, object | string>) {
  const asked: number[] = [];
  /** Ids for which it does not answer. */
  const silent = new Set<number>();
  return {
    asked,
    silent,
    schemas,
    async fetchSchema(this: void, id: number): Promise<string | undefined> {
      asked.push(id);
      await new Promise((resolve) => setImmediate(resolve));
      if (silent.has(id)) throw new Error("the registry does not answer");
      const schema = schemas.get(id);
      return schema === undefined ? undefined : JSON.stringify(schema, undefined, 2);
    },
  };
}

const registryOf = (known: Ids) =>
  registry(
    new Map<number, object | string>([
      ...WRITERS.map(({ schema }, index) => [known.writers[index]!, schema] as const),
      ...STRANGERS.map((schema, index) => [known.strangers[index]!, schema] as const),
    ]),
  );

const textOf = (cases: readonly Case[]) =>
  cases.length === 0 ? "no records" : `records: ${cases.map(({ text }) => text).join("; ")}`;

function expectedOf(cases: readonly Case[]): Decoded {
  const decoded: Decoded = { events: [], rejected: [] };
  cases.forEach(({ expected }, index) => {
    if (typeof expected === "object") decoded.events.push(expected);
    else decoded.rejected.push({ index, reason: expected });
  });
  return decoded;
}

type Decoder = ReturnType<Subject["openDecoder"]>;

/** Decodes records, and compares the result. */
function judge(decode: Decoder, cases: readonly Case[], idea: string, when = ""): Promise<void> {
  const input = `${when}${textOf(cases)}`;
  const bytes = cases.map((each) => each.bytes);
  const idle = "Does a promise stay pending that nobody resolves?";
  return expectResult(
    input,
    () => settled(input, Promise.resolve(decode(bytes)), LIMIT_MS, idle),
    expectedOf(cases),
    idea,
  );
}

const repeated = (asked: readonly number[]) => asked.find((id, at) => asked.indexOf(id) !== at);

function judgeAsked(input: string, asked: readonly number[], idea: string): void {
  const id = repeated(asked);
  if (id === undefined) return;
  const count = asked.filter((each) => each === id).length;
  throw wrong(input, `the schema of id ${id} is fetched once`, `${count} times`, idea);
}

/** Expects that a call rejects. */
async function judgeRejects(decode: Decoder, cases: readonly Case[], when: string) {
  const input = `${when}${textOf(cases)}`;
  const outcome = await settled(
    input,
    decode(cases.map(({ bytes }) => bytes)).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    LIMIT_MS,
    "If fetchSchema rejects, reject.",
  );
  if ("error" in outcome) {
    if ((outcome.error as Error | undefined)?.name === "NotDone") throw outcome.error;
    return;
  }
  throw wrong(
    input,
    "rejected",
    `resolved with ${shown(outcome.value)}`,
    "That the registry does not answer says nothing about the record. If it is rejected now, it is lost.",
  );
}

const EVENT: VenuePrice = {
  asset: "bitcoin",
  priceUsd: 68_340.12,
  eventTimeMs: 1_735_725_610_000,
  venue: "northgate",
  eventId: "7",
};
const IDS: Ids = { writers: [11, 12, 13, 14, 15], strangers: [21, 22, 23, 24, 25], unknown: 99 };

const example = (name: string, idea: string, ...cases: Case[]) =>
  check.scenario(name, async (subject) =>
    judge(subject.openDecoder(registryOf(IDS).fetchSchema), cases, idea),
  );

const RULE =
  "Each record with the schema of its id, resolved to the reader's; those that cannot be read are rejected, one by one, and the others stay in order.";

/** Counts how often types and resolvers are made. */
async function preparations(run: () => Promise<void>): Promise<number> {
  const { Type } = avro;
  const { forSchema } = Type;
  const { createResolver } = Type.prototype as avro.Type;
  let count = 0;
  Type.forSchema = function (...args) {
    count++;
    return forSchema.apply(this, args);
  };
  Type.prototype.createResolver = function (this: avro.Type, ...args: [avro.Type]) {
    count++;
    return createResolver.apply(this, args);
  } as never;
  try {
    await run();
  } finally {
    Type.forSchema = forSchema;
    Type.prototype.createResolver = createResolver;
  }
  return count;
}

export default [
  example(
    "version 1 knows no venue",
    "Decode the bytes with the writer's schema. Fields that it does not have get the defaults of the reader's.",
    written(V1, 11, EVENT),
  ),
  example(
    "version 2 has a venue and an id",
    "These are the writer's values: a default is only for a field that the writer does not have.",
    written(V2, 12, EVENT),
  ),
  example(
    "version 3 calls the price price",
    "An alias in the reader's schema is another name under which it looks for the field.",
    written(V3, 13, EVENT),
  ),
  example("JSON has no schema", "No text begins with a byte 0.", json(EVENT)),
  check.scenario("another decoder has another registry", async (subject) => {
    const here = subject.openDecoder(registry(new Map([[31, V1.schema]])).fetchSchema);
    const there = subject.openDecoder(registry(new Map([[31, V3.schema]])).fetchSchema);
    const idea =
      "Keep what you remember inside openDecoder: in another registry, an id is another schema.";
    await judge(here, [written(V1, 31, EVENT)], RULE);
    await judge(there, [written(V3, 31, EVENT)], idea, "a second decoder, with another registry; ");
  }),
  example(
    "a record that is cut short does not harm the others",
    "Reject it with its index, and go on with the next one.",
    written(V1, 11, EVENT),
    bad("version 1, the first 20 bytes", written(V1, 11, EVENT).bytes.subarray(0, 20)),
    written(V3, 13, EVENT),
  ),
  example(
    "an id that the registry does not know",
    "fetchSchema resolves to undefined.",
    json(EVENT),
    { ...written(V2, 99, EVENT), text: "id 99, unknown", expected: "unknown schema" },
    written(V2, 12, EVENT),
  ),
  check.scenario("any records, in several calls", (subject) =>
    forAll(
      ids.chain((known) =>
        fc.tuple(fc.constant(known), fc.array(fc.array(record(known), { maxLength: 6 }))),
      ),
      async ([known, calls]) => {
        const { fetchSchema, asked } = registryOf(known);
        const decode = subject.openDecoder(fetchSchema);
        for (const cases of calls) {
          const from = asked.length;
          await judge(decode, cases, RULE);
          judgeAsked(textOf(cases), asked.slice(from), "Within a call, ask once for each id.");
        }
        judgeAsked(
          `calls with ${calls.map(textOf).join("; then ")}`,
          asked.filter((id) => id !== known.unknown),
          "A schema of an id never changes: keep what you have made of it, also if no event can be read with it.",
        );
      },
      200,
    ),
  ),
  check.scenario("calls at the same time share a request", (subject) =>
    forAll(
      fc.array(fc.array(record({ ...IDS }), { minLength: 1, maxLength: 5 }), { maxLength: 4 }),
      async (calls) => {
        const { fetchSchema, asked } = registryOf(IDS);
        const decode = subject.openDecoder(fetchSchema);
        await Promise.all(calls.map((cases) => judge(decode, cases, RULE, "at the same time, ")));
        judgeAsked(
          `at the same time: ${calls.map(textOf).join("; and ")}`,
          asked.filter((id) => id !== IDS.unknown),
          "Remember the promise before it has resolved.",
        );
      },
      100,
    ),
  ),
  check.scenario("a registry that does not answer for a while", async (subject) => {
    const { fetchSchema, asked, silent } = registryOf(IDS);
    const decode = subject.openDecoder(fetchSchema);
    const cases = [written(V1, 11, EVENT), written(V2, 12, EVENT), json(EVENT)];
    silent.add(12);
    await judgeRejects(decode, cases, "the registry does not answer for id 12; ");
    await judge(decode, [cases[0]!, cases[2]!], RULE, "it still does not; ");
    await judgeRejects(decode, [cases[1]!], "it still does not; ");
    silent.clear();
    await judge(
      decode,
      cases,
      "Forget a request that has failed: the next call must ask again.",
      "the registry answers again; ",
    );
    judgeAsked(
      "the registry does not answer for id 12, then it does",
      asked.filter((id) => id === 11),
      "That one id failed is no reason to ask for others again.",
    );
  }),
  check.scenario("an unknown id may be known later", async (subject) => {
    const { fetchSchema, asked, schemas } = registryOf(IDS);
    const decode = subject.openDecoder(fetchSchema);
    const unknown: Case = { ...written(V2, 99, EVENT), expected: "unknown schema" };
    await judge(decode, [unknown, json(EVENT), unknown], RULE);
    judgeAsked(textOf([unknown, unknown]), asked, "Within a call, ask once for each id.");
    schemas.set(99, V2.schema);
    await judge(
      decode,
      [written(V2, 99, EVENT)],
      "Ask again in the next call: a registry can be behind.",
      "after id 99 was registered; ",
    );
  }),
  check.scenario("types and resolvers are made once for each schema", async (subject) => {
    const counts: number[] = [];
    for (const length of [1, 50]) {
      const decode = subject.openDecoder(registryOf(IDS).fetchSchema);
      const cases = Array.from({ length }, () =>
        [V1, V2, V3].map((v, at) => written(v, 11 + at, EVENT)),
      );
      counts.push(
        await preparations(async () => {
          for (const each of cases) await judge(decode, each, RULE);
        }),
      );
    }
    if (counts[1]! > counts[0]!) {
      throw wrong(
        "50 records of each version instead of 1",
        "as many types and resolvers as for 1",
        `${counts[1]! - counts[0]!} more calls of forSchema and createResolver`,
        "Comparing two schemas takes hundreds of times as long as decoding a record. Keep the resolver, not the text.",
      );
    }
  }),
];
