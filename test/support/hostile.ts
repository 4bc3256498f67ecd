import { MAX_MESSAGE_LENGTH, REASONS, type Reason } from "../../labs/event.js";
import { seededRandom } from "../../labs/source/market.js";
import { formatTime } from "../../labs/shared/time.js";

/** A record that any producer could append to a topic. */
export interface HostileRecord {
  name: string;
  /** Null for a tombstone. */
  value: Buffer | null;
  timestampMs: number;
}

/** A record and what validation finds: the reason for rejecting it, or the asset of its event. */
export interface KnownRecord extends HostileRecord {
  verdict: Reason | { asset: string; priceUsd?: number; eventTime?: string };
}

const ARRIVAL = "2025-12-31T23:59:59.500Z";
const TIME = "2025-12-31T23:59:59Z";

/** The text of a message with the given JSON values as its fields; an empty string omits the field. */
function message({ asset = '"a"', price = "5", time = `"${TIME}"`, more = "" }): string {
  const fields = [
    asset === "" ? "" : `"asset":${asset}`,
    price === "" ? "" : `"price_usd":${price}`,
    time === "" ? "" : `"event_time":${time}`,
    more,
  ];
  return `{${fields.filter((field) => field !== "").join(",")}}`;
}

type Case = [value: string | Buffer | null, verdict: KnownRecord["verdict"], arrival?: string];

const A = { asset: "a" };
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const TEXT_CASES: Case[] = [
  [null, REASONS.notJson],
  ["", REASONS.notJson],
  [" \t\r\n", REASONS.notJson],
  ["\0", REASONS.notJson],
  ["{", REASONS.notJson],
  ["}", REASONS.notJson],
  ["[]", REASONS.notObject],
  [`[${message({})}]`, REASONS.notObject],
  [`[${message({})},${message({})}]`, REASONS.notObject],
  ["null", REASONS.notObject],
  ["true", REASONS.notObject],
  ["5", REASONS.notObject],
  ["-1e400", REASONS.notObject],
  ['"text"', REASONS.notObject],
  ['"{}"', REASONS.notObject],
  ["{}", REASONS.assetMissing],
  [` \t\r\n${message({})} \t\r\n`, A],
  [`\u00a0${message({})}`, REASONS.notJson],
  [`${message({})}\u2028`, REASONS.notJson],
  [`${message({})}\v`, REASONS.notJson],
  [`${message({})}\0`, REASONS.notJson],
  [`\ufeff${message({})}`, REASONS.notJson],
  [`${message({})} x`, REASONS.notJson],
  [`${message({})},`, REASONS.notJson],
  [`${message({})}}`, REASONS.notJson],
  [`${message({})}${message({})}`, REASONS.notJson],
  [`${message({})},${message({})}`, REASONS.notJson],
  [`${message({})}],[${message({})}`, REASONS.notJson],
  [`${message({})}\n${message({})}`, REASONS.notJson],
  [`${message({})} // comment`, REASONS.notJson],
  [message({ more: '"x":{"y":[1,{"z":"}"}]}' }), A],
  [message({ more: '"x":{"asset":5,"price_usd":"x","event_time":[]}' }), A],
  [`{"x":{"asset":"inner"},"price_usd":5,"event_time":"${TIME}"}`, REASONS.assetMissing],
  [message({ more: "/* comment */" }), REASONS.notJson],
  [message({ more: '"x":1,' }), REASONS.notJson],
  [message({ more: '"x":,"y":1' }), REASONS.notJson],
  [message({ more: '"x"' }), REASONS.notJson],
  [message({ more: "x:1" }), REASONS.notJson],
  [message({ more: "'x':1" }), REASONS.notJson],
  [message({ more: "\"x\":'y'" }), REASONS.notJson],
  [message({ more: '"x":undefined' }), REASONS.notJson],
  [message({ more: '"x":TRUE' }), REASONS.notJson],
  [message({ more: '"x":nul' }), REASONS.notJson],
  [message({ more: '"x":truest' }), REASONS.notJson],
  [message({ more: '"x":"\\x41"' }), REASONS.notJson],
  [message({ more: '"x":"\\u12g4"' }), REASONS.notJson],
  [message({ more: '"x":"\\\'"' }), REASONS.notJson],
  [message({ more: '"x":"raw\ttab"' }), REASONS.notJson],
  [message({ more: '"x":"raw\nline"' }), REASONS.notJson],
  [message({ more: '"x":"raw\0nul"' }), REASONS.notJson],
  [message({ more: '"x":"\u007f\u0080\u2028"' }), A],
  [message({ more: `"x":${nested(2_000)}` }), A],
  [message({ more: `"x":${"[".repeat(2_000)}` }), REASONS.notJson],
  [message({ more: `"x":${nested(60_000)}` }), REASONS.tooLong],
  [message({ more: `"x":"${"x".repeat(900_000)}"` }), REASONS.tooLong],
  [message({ more: `"x":${"9".repeat(900_000)}` }), REASONS.tooLong],
  [message({ more: `"x":${"9".repeat(9_000)}` }), A],
  ["\\".repeat(900_000), REASONS.tooLong],
  ["x".repeat(MAX_MESSAGE_LENGTH), REASONS.notJson],
  ["x".repeat(MAX_MESSAGE_LENGTH + 1), REASONS.tooLong],
  ["🪙".repeat(MAX_MESSAGE_LENGTH), REASONS.notJson],
  ["🪙".repeat(MAX_MESSAGE_LENGTH + 1), REASONS.tooLong],
  [message({}) + " ".repeat(MAX_MESSAGE_LENGTH - message({}).length), A],
  [message({}) + " ".repeat(MAX_MESSAGE_LENGTH - message({}).length + 1), REASONS.tooLong],
  // Duplicate fields, names in another case, escaped names, and unknown names.
  [message({ more: '"asset":"last"' }), { asset: "last" }],
  [message({ asset: '"5"', more: '"asset":5' }), REASONS.assetNotString],
  [message({ asset: "5", more: '"asset":"5"' }), { asset: "5" }],
  [message({ asset: "true", more: '"asset":"true"' }), { asset: "true" }],
  [message({ asset: "1e400", more: '"asset":"Infinity"' }), { asset: "Infinity" }],
  [message({ asset: '"Infinity"', more: '"asset":1e400' }), REASONS.assetNotString],
  [message({ more: '"asset":null' }), REASONS.assetMissing],
  [message({ price: "6", more: '"price_usd":7' }), { ...A, priceUsd: 7 }],
  [message({ price: '"6"', more: '"price_usd":7' }), { ...A, priceUsd: 7 }],
  [message({ price: "6", more: '"price_usd":"7"' }), REASONS.priceNotNumber],
  [message({ price: "6", more: '"price_usd":[7]' }), REASONS.priceNotNumber],
  [message({ price: '"x"', more: '"price_usd":1e400' }), REASONS.priceTooHigh],
  [message({ price: '"x"', more: '"price_usd":-1e400' }), REASONS.priceTooLow],
  [message({ price: "6", more: '"price_usd":"Infinity"' }), REASONS.priceNotNumber],
  [message({ price: "6", more: '"price_usd":"\\"Infinity\\""' }), REASONS.priceNotNumber],
  [message({ price: '"x"', more: '"price_usd":null' }), REASONS.priceMissing],
  [message({ price: "null", more: '"price_usd":0.1' }), { ...A, priceUsd: 0.1 }],
  [message({ price: '"x"', more: '"price_usd":0.1' }), { ...A, priceUsd: 0.1 }],
  [message({ more: '"event_time":5' }), REASONS.timeInvalid],
  [message({ asset: "", more: '"Asset":"a"' }), REASONS.assetMissing],
  [message({ asset: "", more: '"asset ":"a"' }), REASONS.assetMissing],
  [message({ asset: "", more: '"\\u0061sset":"a"' }), A],
  [message({ price: "", more: '"PRICE_USD":5' }), REASONS.priceMissing],
  [message({ more: '"__proto__":{"asset":5},"constructor":1,"toString":2' }), A],
  [message({ asset: "", more: '"__proto__":{"asset":"a"}' }), REASONS.assetMissing],
  [message({ more: '"":1,"lab_corrupt":"x","lab_none":2,"time_text":3' }), A],
  // Unicode.
  [message({ asset: '"é ✓ 🪙"' }), { asset: "é ✓ 🪙" }],
  [message({ asset: '"\\u00e9\\ud83e\\ude99"' }), { asset: "é🪙" }],
  [message({ asset: '"\\ud83e"' }), REASONS.notUnicode],
  [message({ asset: '"\\ude99"' }), REASONS.notUnicode],
  [message({ asset: '"\\ude99\\ud83e"' }), REASONS.notUnicode],
  [message({ asset: '"\\ud83e\\\\\\ude99"' }), REASONS.notUnicode],
  [message({ asset: '"\\\\ud83e"' }), { asset: "\\ud83e" }],
  [message({ asset: '"\\\\\\ud83e"' }), REASONS.notUnicode],
  [message({ more: '"x":{"\\uD83E":[]}' }), REASONS.notUnicode],
  ["\\ud83e", REASONS.notUnicode],
  [message({ asset: '"\ufffd"' }), REASONS.notUnicode],
  [message({ asset: '"\\ufffd"' }), { asset: "\ufffd" }],
  ...[
    "ff",
    "80",
    "c3",
    "c0af",
    "e282",
    "eda080",
    "eda0",
    "eda041",
    "edbfbfedbfbf",
    "f08080",
    "f0808080",
    "f09f",
    "f09fa4",
    "f4908080",
    "f8888080",
    "ed",
    "fe",
  ].flatMap((hex): Case[] => [
    [
      Buffer.concat([
        Buffer.from('{"asset":"'),
        Buffer.from(hex, "hex"),
        Buffer.from('","price_usd":5}'),
      ]),
      REASONS.notUnicode,
    ],
    [Buffer.from(hex, "hex"), REASONS.notUnicode],
  ]),
  [Buffer.from(message({}), "utf16le"), REASONS.notJson],
];

const BLANKS = "\t\v\f \u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";
const ASSET_CASES: Case[] = [
  ["null", REASONS.assetMissing],
  ["5", REASONS.assetNotString],
  ["-0", REASONS.assetNotString],
  ["1e400", REASONS.assetNotString],
  ["12345678901234567890123", REASONS.assetNotString],
  ["true", REASONS.assetNotString],
  ["false", REASONS.assetNotString],
  ["[]", REASONS.assetNotString],
  ['["a"]', REASONS.assetNotString],
  ["{}", REASONS.assetNotString],
  ['{"asset":"a"}', REASONS.assetNotString],
  [nested(2_000), REASONS.assetNotString],
  ...["5", "-1", "true", "false", "null", "[]", '["a"]', "{}", '"', '"Infinity"', "Infinity", "NaN"]
    .concat(["<", "><", "a:b", '":"', "1inch", "A", "'", "a\0b", "\u200b", "\u180e", "a\nb", "\\"])
    .concat([" a ", "__proto__", "a,b", "\u001b[31m", "}{", "\ufeffa", "İ", "ß", "x/../y=1"])
    .map((asset): Case => [JSON.stringify(asset), { asset }]),
  ...["", " ", "\n", "\r\n\t\v\f", ...BLANKS, BLANKS].map((asset): Case => [
    JSON.stringify(asset),
    REASONS.assetEmpty,
  ]),
  [JSON.stringify("x".repeat(128)), { asset: "x".repeat(128) }],
  [JSON.stringify("x".repeat(129)), REASONS.assetTooLong],
  [JSON.stringify("🪙".repeat(128)), { asset: "🪙".repeat(128) }],
  [JSON.stringify("🪙".repeat(129)), REASONS.assetTooLong],
  [JSON.stringify("e\u0301".repeat(65)), REASONS.assetTooLong],
];

const PRICE_CASES: Case[] = [
  ["null", REASONS.priceMissing],
  ...['"5"', '""', '"NaN"', '"Infinity"', "true", "[5]", "{}", '{"price_usd":5}'].map(
    (price): Case => [price, REASONS.priceNotNumber],
  ),
  ...["NaN", "Infinity", "-Infinity", "+INF", "+1", ".5", "5.", "05", "0x10", "1_000", "1e", "--1"]
    .concat(["1,5", "5f", "5d", "5L", "٥", "-", "1e+", "00", "-01"])
    .map((price): Case => [price, REASONS.notJson]),
  ...["0", "-0", "-0.0", "0e5", "-1", "-1e400", "1e-400", "-1e-400", "2e-324"].map(
    (price): Case => [price, REASONS.priceTooLow],
  ),
  ...["1e12", "1000000000000", "1e400", "1E+12", "9".repeat(2_000), "999999999999.99999"].map(
    (price): Case => [price, REASONS.priceTooHigh],
  ),
  ...["5e-324", "2.2250738585072012e-308", "2.2250738585072014E-308", "1e-323", "999999999999.9999"]
    .concat([
      "0.1",
      "1.50",
      "1E2",
      "1e+2",
      "68340.12",
      "0.30000000000000004",
      "123456.78901234567890",
    ])
    .concat(["4.35", "1.7976931348623157e-300", `0.${"0".repeat(300)}1`, `1.${"0".repeat(2_000)}1`])
    .concat(["9007199254.740993", "0.1000000000000000055511151231257827021181583404541015625"])
    .concat(["8.41e-21", "9.5367431640625e-7", "2.0e-3", "179769313486.23157", "8.5e-17"])
    .map((price): Case => [price, { ...A, priceUsd: Number(price) }]),
];

const TIME_CASES: Case[] = [
  ["null", REASONS.timeMissing],
  ...["5", "1735725610", "true", "[]", `["${TIME}"]`, "{}"].map((time): Case => [
    time,
    REASONS.timeInvalid,
  ]),
  ...["", "now", "2025-01-01", "2025-01-01T10:00:10", "2025-01-01 10:00:10Z", "2025-01-01T10:00Z"]
    .concat(["2025-01-01T10:00:10z", "2025-01-01t10:00:10Z", "2025-01-01T10:00:10.Z", ` ${TIME}`])
    .concat([`${TIME} `, `${TIME}\n`, "2025-01-01T10:00:10,5Z", "2025-1-1T10:00:10Z"])
    .concat(["2025-02-29T10:00:10Z", "2024-02-30T10:00:10Z", "1900-02-29T10:00:10Z"])
    .concat(["2025-13-01T10:00:10Z", "2025-00-01T10:00:10Z", "2025-04-31T10:00:10Z"])
    .concat(["2025-01-00T10:00:10Z", "2025-01-01T24:00:00Z", "2025-01-01T25:00:00Z"])
    .concat(["2025-01-01T10:60:10Z", "2016-12-31T23:59:60Z", "12025-01-01T10:00:10Z"])
    .concat(["+2025-01-01T10:00:10Z", "-2025-01-01T10:00:10Z", "-000001-01-01T10:00:10Z"])
    .concat(["2025-01-01T10:00:10+18:01", "2025-01-01T10:00:10+19:00", "2025-01-01T10:00:10-99:99"])
    .concat(["2025-01-01T10:00:10+02:60", "2025-01-01T10:00:10+0200", "2025-01-01T10:00:10+02"])
    .concat(["2025-01-01T10:00:10+2:00", "2025-01-01T10:00:10UTC", "2025-01-01T10:00:10 Z"])
    .concat(["2025-01-01T10:00:10Europe/Berlin", "2025-01-01T10:00:10\u221202:00"])
    .concat(["2025-01-01T10:00:10.1234567890Z", "2025-001T10:00:10Z", "2025-W01-1T10:00:10Z"])
    .concat(["٢٠٢٥-01-01T10:00:10Z", "0000-00-00T00:00:00Z"])
    .map((time): Case => [JSON.stringify(time), REASONS.timeInvalid]),
  ...["1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.9999Z", "1582-10-10T00:00:00Z"]
    .concat(["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+18:00", "1970-01-01T00:00:00+00:01"])
    .concat(["0000-02-29T12:00:00Z", "1500-02-28T00:00:00Z"])
    .map((time): Case => [JSON.stringify(time), REASONS.timeTooEarly]),
  ...["2026-01-01T23:59:59.501Z", "9999-12-31T23:59:59.999999999Z", "2026-01-01T05:59:59.501-18:00"]
    .concat(["2026-12-31T23:59:59Z"])
    .map((time): Case => [JSON.stringify(time), REASONS.timeTooLate]),
  ...(
    [
      ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"],
      ["1969-12-31T18:00:00.0005-06:00", "1970-01-01T00:00:00.000Z"],
      ["2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z"],
      ["2025-01-01T10:00:10.9999Z", "2025-01-01T10:00:10.999Z"],
      ["2025-01-01T10:00:10.999999999Z", "2025-01-01T10:00:10.999Z"],
      ["2025-01-01T10:00:10.1Z", "2025-01-01T10:00:10.100Z"],
      ["2025-01-01T10:00:10.0009999+02:30", "2025-01-01T07:30:10.000Z"],
      ["2025-01-01T10:00:10+18:00", "2024-12-31T16:00:10.000Z"],
      ["2025-01-01T10:00:10-18:00", "2025-01-02T04:00:10.000Z"],
      ["2025-01-01T10:00:10-00:00", "2025-01-01T10:00:10.000Z"],
      ["2025-01-01T10:00:10+00:00", "2025-01-01T10:00:10.000Z"],
      ["2025-01-01T00:00:00+17:59", "2024-12-31T06:01:00.000Z"],
    ] as const
  ).map(([time, eventTime]): Case => [JSON.stringify(time), { ...A, eventTime }]),
  // Last, because they push the watermark a day ahead.
  ['"2026-01-01T23:59:59.500Z"', { ...A, eventTime: "2026-01-01T23:59:59.500Z" }],
  ['"2026-01-01T23:59:59.500999Z"', { ...A, eventTime: "2026-01-01T23:59:59.500Z" }],
];

const ARRIVAL_CASES: Case[] = [
  ["null", A],
  [`"${TIME}"`, A],
  ['"1500-01-01T00:00:00+18:00"', A],
  ...["5", "[]", "false", '""', '"soon"', '"2025-02-30T00:00:00Z"', `"${TIME}\\n"`, '"+18:00"'].map(
    (arrival): Case => [arrival, REASONS.arrivalInvalid],
  ),
];

/** Hostile records with their verdicts. */
export const KNOWN_RECORDS: KnownRecord[] = [
  ...TEXT_CASES,
  ...ASSET_CASES.map(([asset, verdict]): Case => [message({ asset: String(asset) }), verdict]),
  ...ARRIVAL_CASES.map(([arrival, verdict]): Case => {
    return [message({ more: `"arrival_time":${String(arrival)}` }), verdict];
  }),
  ...["asset", "price", "time"].map((field, index): Case => {
    const missing = [REASONS.assetMissing, REASONS.priceMissing, REASONS.timeMissing][index]!;
    return [message({ [field]: "" }), missing];
  }),
  // Each record has its own asset, so that a window with the smallest price holds no other price.
  ...PRICE_CASES.map(([price, verdict], index): Case => {
    const asset = `price-${index}`;
    const known = typeof verdict === "string" ? verdict : { ...verdict, asset };
    return [message({ asset: `"${asset}"`, price: String(price) }), known];
  }),
  ...TIME_CASES.map(([time, verdict]): Case => [message({ time: String(time) }), verdict]),
].map(([value, verdict], index) => ({
  name: `known ${index}`,
  value: value === null || Buffer.isBuffer(value) ? value : Buffer.from(value),
  timestampMs: Date.parse(ARRIVAL),
  verdict,
}));

const pieces = (cases: readonly Case[]) => cases.map(([value]) => String(value));
const short = (texts: string[]) => texts.filter((text) => text.length < 500);
const NAMES = ['"Asset"', '"\\u0061sset"', "asset", "'asset'", '"price_usd"', '"event_time"', '""'];
const SPACES = [" ", "\t", "\r\n", "\n", "", "", "", "\u00a0", "/**/", "\0"];
const ENDS = [" ", "\n", "}", "x", ",", "{}", "]", "\0", '"', ',{"asset":"b"}'];
const BYTES = Buffer.from(
  "\0\t\n \"'\\/{}[]:,.-+0123456789eEZTtfnu<>_\x7f\x80\xa0\xc3\xed\xff",
  "latin1",
);

/**
 * Random records, the same for the same seed: messages composed of valid and invalid pieces, and valid messages with bytes
 * changed, added, removed and moved. Some of them are valid. All event times are in the last minute of a year, so that a
 * changed digit rarely gives a valid later time that pushes the watermark far ahead.
 */
export function hostileRecords(seed: number, count: number): HostileRecord[] {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const maybe = (share: number, text: () => string) => (random() < share ? text() : "");
  const space = () => maybe(0.1, () => oneOf(random() < 0.9 ? SPACES.slice(0, 7) : SPACES));

  const endOfYearMs = Date.parse("2025-12-31T23:59:00Z");
  const assets = short(pieces(ASSET_CASES));
  const prices = short(pieces(PRICE_CASES));
  const times = pieces(TIME_CASES)
    .slice(0, -2)
    .filter((time) => !time.includes("-18:00"));
  const arrivals = pieces(ARRIVAL_CASES);

  return Array.from({ length: count }, (_, index): HostileRecord => {
    const timestampMs = endOfYearMs + Math.floor((index / count) * 59_000);
    const good = {
      asset: `"${oneOf(["bitcoin", "ethereum", "solana"])}"`,
      price: String(100 + below(1_000_000) / 1_000),
      time: `"${formatTime(timestampMs - below(3_000))}"`,
    };
    let value: Buffer;
    if (random() < 0.5) {
      const field = (name: string, goodValue: string, bad: readonly string[]) =>
        space() +
        (random() < 0.02 ? oneOf(NAMES) : `"${name}"`) +
        `${space()}:${space()}` +
        (random() < 0.1 ? oneOf(bad) : goodValue) +
        space();
      const fields = [
        field("asset", good.asset, assets),
        field("price_usd", good.price, prices),
        field("event_time", good.time, times),
      ];
      if (random() < 0.1) fields.push(field("arrival_time", good.time, arrivals));
      if (random() < 0.1) fields.push(field("asset", good.asset, [...assets, ...prices]));
      if (random() < 0.1) fields.push(field("price_usd", good.price, [...prices, ...assets]));
      if (random() < 0.1) fields.push(`"x":${oneOf([...assets, message(good), "[1,2]"])}`);
      if (random() < 0.03) fields.splice(below(fields.length), 1);
      if (random() < 0.5) fields.reverse();
      value = Buffer.from(
        maybe(0.02, () => oneOf(ENDS)) + `{${fields.join(",")}}` + maybe(0.05, () => oneOf(ENDS)),
      );
    } else {
      value = Buffer.from(message(good));
      for (let changes = below(4); changes > 0; changes--) {
        const at = below(value.length);
        const end = Math.min(value.length, at + below(3));
        const moved = below(value.length);
        const inserted = oneOf([
          Buffer.from([oneOf([...BYTES])]),
          Buffer.from([below(256)]),
          value.subarray(moved, moved + below(20)),
          Buffer.alloc(0),
        ]);
        value = Buffer.concat([value.subarray(0, at), inserted, value.subarray(end)]);
      }
    }
    return { name: `seed ${seed}, record ${index}`, value, timestampMs };
  });
}

/** Formats a record's value for an error message. */
export function shownValue({ value }: HostileRecord): string {
  if (value === null) return "null";
  const text = JSON.stringify(value.toString());
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${value.length} bytes)`;
}
