import avro from "avsc";
import fc from "fast-check";
import type { DecodedPrice } from "../../../solutions/34-decode-a-record.js";
import * as solution from "../../../solutions/34-decode-a-record.js";
import { checksOf, expectResult, forAll, wrong } from "../checks.js";

const check = checksOf(solution);

const MAX_TIME_MS = 8.64e15;

/** The judge: another implementation of Avro writes the bytes. */
const type = avro.Type.forSchema({
  type: "record",
  name: "PriceEvent",
  fields: [
    { name: "asset", type: "string" },
    { name: "price_usd", type: "double" },
    { name: "event_time", type: "long" },
  ],
});

/** A long, written group by group. (From 2⁵² on, avsc loses the lowest bit of the code in zigzag, which is the sign.) */
function long(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function header(schemaId: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(schemaId, 1);
  return bytes;
}

function encoded({ schemaId, asset, priceUsd, eventTimeMs }: DecodedPrice): Buffer {
  const isExact = Math.abs(eventTimeMs) < 2 ** 52;
  const fields = { asset, price_usd: priceUsd, event_time: isExact ? eventTimeMs : 0 };
  const bytes = Buffer.concat([header(schemaId), type.toBuffer(fields)]);
  return isExact ? bytes : Buffer.concat([bytes.subarray(0, -1), long(eventTimeMs)]);
}

const schemaId = fc.oneof(
  fc.constantFrom(0, 1, 255, 256, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
  fc.nat(100_000),
);
/** Names of any length: 64 bytes are the first whose length takes two bytes, 8,192 the first with three. */
const asset = fc.oneof(
  fc.constantFrom("bitcoin", "", "é", "比特币", "\u{1F680}", "constructor", "a\u0000b"),
  fc.constantFrom(63, 64, 127, 128, 300, 8_191, 8_192).map((length) => "x".repeat(length)),
  fc.constantFrom(31, 32, 33, 4_096).map((length) => "ß".repeat(length)),
  fc.string({ unit: "binary", maxLength: 80 }),
);
const priceUsd = fc.oneof(
  fc.constantFrom(0, -1, 1, 68_340.12, 5e-324, Number.MAX_VALUE, Infinity, NaN),
  fc.double(),
);
const eventTimeMs = fc.oneof(
  fc.constantFrom(0, -1, 1, 63, 64, -64, -65, 8_191, 8_192),
  fc
    .constantFrom(31, 32, 41, 52)
    .chain((bits) =>
      fc
        .tuple(fc.constantFrom(1, -1), fc.integer({ min: -3, max: 3 }))
        .map(([sign, more]) => sign * 2 ** bits + more),
    ),
  fc.integer({ min: 1_500_000_000_000, max: 1_900_000_000_000 }),
  fc.integer({ min: -MAX_TIME_MS, max: MAX_TIME_MS }),
  fc.constantFrom(MAX_TIME_MS, -MAX_TIME_MS),
);
const price = fc.record({ schemaId, asset, priceUsd, eventTimeMs });

/** As hexadecimal digits; of a long record, the beginning and the end. */
function hex(bytes: Buffer): string {
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  if (text.length > 64) text.splice(44, text.length - 64, "…");
  return `${text.join(" ")} (${bytes.length} bytes)`;
}

/** A buffer that is a part of a larger one, as Kafka's clients return the values of records. */
function partOf(before: Buffer, bytes: Buffer, after: Buffer): Buffer {
  return Buffer.concat([before, bytes, after]).subarray(
    before.length,
    before.length + bytes.length,
  );
}

/** Asks the answer about bytes. @throws WrongAnswer */
async function judge(
  subject: typeof solution,
  bytes: Buffer,
  expected: DecodedPrice | undefined,
  idea: string,
  what = "",
): Promise<void> {
  const copy = Buffer.from(bytes);
  const input = `${what}${hex(copy)}`;
  await expectResult(input, () => subject.decodePrice(bytes), expected, idea);
  if (!bytes.equals(copy)) {
    const found = `the bytes are now ${hex(bytes)}`;
    throw wrong(input, "the bytes as they were", found, "Others still read them.");
  }
}

const bitcoin: DecodedPrice = {
  schemaId: 42,
  asset: "bitcoin",
  priceUsd: 68_340.12,
  eventTimeMs: 1_735_725_610_000,
};

/** Eleven bytes or more that a decoder without a limit takes for a small number. */
const endless = fc
  .tuple(fc.integer({ min: 10, max: 20 }), fc.constantFrom(0, 1, 2))
  .map(([more, last]) => Buffer.from([...Array<number>(more).fill(0x80), last]));
/** A long of ten bytes whose value is too large for a `Date`, and others that are just beyond it. */
const tooLarge = fc
  .constantFrom(MAX_TIME_MS + 1, -MAX_TIME_MS - 1, Number.MAX_SAFE_INTEGER)
  .map(long);
const huge = fc
  .constantFrom("ffffffffffffffffff01", "feffffffffffffffff01", "ffffffffffffff7f")
  .map((digits) => Buffer.from(digits, "hex"));

const BODY = type.toBuffer({ asset: "bitcoin", price_usd: 1, event_time: 7 });
const withTime = (time: Buffer) =>
  Buffer.concat([header(7), BODY.subarray(0, BODY.length - 1), time]);

export default [
  check.scenario("a price of bitcoin", (subject) =>
    judge(
      subject,
      encoded(bitcoin),
      bitcoin,
      "00, the id 00 00 00 2a, the length 0e (zigzag of 7), bitcoin in 7 bytes, 8 bytes of a double, then the time.",
    ),
  ),
  check.scenario("any price, as another implementation of Avro writes it", (subject) =>
    forAll(price, (each) =>
      judge(
        subject,
        encoded(each),
        each,
        "Lengths count bytes. A long takes 1 to 10 bytes of 7 bits each, the least significant first, in zigzag.",
      ),
    ),
  ),
  check.scenario("bytes that are a part of a larger buffer", (subject) =>
    forAll(fc.tuple(price, price, price), ([before, each, after]) =>
      judge(
        subject,
        partOf(encoded(before), encoded(each), encoded(after)),
        each,
        "bytes.buffer is the larger buffer: the record begins in it at bytes.byteOffset, not at 0.",
        "in the middle of a larger buffer: ",
      ),
    ),
  ),
  check.scenario("a record that is cut short is none, wherever it is cut", (subject) =>
    forAll(fc.tuple(price, fc.nat(), fc.boolean()), async ([each, at, isPart]) => {
      const whole = encoded({ ...each, asset: Array.from(each.asset).slice(0, 70).join("") });
      const length = at % whole.length;
      const bytes = whole.subarray(0, length);
      await judge(
        subject,
        isPart ? bytes : Buffer.from(bytes),
        undefined,
        "Check before each read that the record still has that many bytes. subarray and toString do not throw: they return less.",
        `the first ${length} of ${whole.length} bytes of a record: `,
      );
    }),
  ),
  check.scenario("a record with more bytes after it is none", (subject) =>
    forAll(fc.tuple(price, fc.uint8Array({ minLength: 1, maxLength: 9 })), ([each, more]) =>
      judge(
        subject,
        Buffer.concat([encoded(each), more]),
        undefined,
        "The record ends with the time. Bytes that are left show that it was written with another schema.",
        `${more.length} bytes too many: `,
      ),
    ),
  ),
  check.scenario("bytes without the header are none", async (subject) => {
    const idea = "A record with a schema id begins with a byte 0. JSON does not.";
    await judge(subject, Buffer.alloc(0), undefined, idea);
    await forAll(fc.tuple(price, fc.integer({ min: 1, max: 255 })), ([each, first]) => {
      const bytes = encoded(each);
      bytes[0] = first;
      return judge(subject, bytes, undefined, idea);
    });
    const json = '{"asset":"bitcoin","price_usd":68340.12,"event_time":"2025-01-01T10:00:10Z"}';
    await judge(subject, Buffer.from(json), undefined, idea);
  }),
  check.scenario("a string of negative or enormous length is none", async (subject) => {
    for (const length of [-1, -2, -3, -4, -5, -8, -9, -60, -(2 ** 40)]) {
      // An answer that goes back by the length finds a double and a time nevertheless.
      const rest = Buffer.alloc(Math.max(0, 9 + Math.max(length, -9)), 1);
      await judge(
        subject,
        Buffer.concat([header(7), long(length), rest]),
        undefined,
        "The length is a signed number, and nobody has checked it before you.",
        `a string of length ${length}: `,
      );
    }
    for (const length of [2 ** 31 - 8, 2 ** 31, 2 ** 32, 2 ** 32 + 7, 2 ** 40 + 7, 2 ** 53 - 2]) {
      const rest = BODY.subarray(1);
      await judge(
        subject,
        Buffer.concat([header(7), long(length), rest]),
        undefined,
        "A length has up to 64 bits. In 32 bits, a large one looks like a small one.",
        `a string of length ${length}: `,
      );
    }
  }),
  check.scenario("a number that is too long or a time beyond all dates is none", (subject) =>
    forAll(fc.oneof(endless, tooLarge, huge), (time) =>
      judge(
        subject,
        withTime(time),
        undefined,
        "A long has at most 10 bytes, and a Date at most 8.64e15 ms.",
        `the time ${hex(time)} in `,
      ),
    ),
  ),
  check.scenario("arbitrary bytes give the same result as with the solution", (subject) =>
    forAll(
      fc.tuple(schemaId, fc.uint8Array({ maxLength: 24 })).map(([id, rest]) => {
        const text = Buffer.from(rest.map((byte) => byte & 0x7f)); // valid UTF-8
        return Buffer.concat([header(id), text]);
      }),
      (bytes) =>
        judge(
          subject,
          bytes,
          solution.decodePrice(bytes),
          "Whatever arrives, the answer is a price or undefined, never an error.",
        ),
    ),
  ),
];
