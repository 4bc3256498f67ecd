import avro from "avsc";

/** An event with all its fields, whichever version of the schema its writer had. */
export interface VenuePrice {
  asset: string;
  priceUsd: number;
  /** Milliseconds since the epoch. */
  eventTimeMs: number;
  /** `unknown` if the writer did not know it. */
  venue: string;
  /** Null if the writer gave none. */
  eventId: string | null;
}

/** A record that cannot be decoded. */
export interface Rejected {
  /** Its place among the records of the call. */
  index: number;
  reason: "unknown schema" | "unreadable";
}

/** Each record of a call is in one of the two lists. Both are in the order of the records. */
export interface Decoded {
  events: VenuePrice[];
  rejected: Rejected[];
}

/**
 * Opens a decoder for a topic whose writers have several versions of the price event, or no schema at all.
 *
 * A record whose first byte is 0 is Avro: the 0, the id of the schema with which it was written (an unsigned integer of 4 bytes,
 * the most significant first), then the value. The schemas are records called `lab.PriceEvent`. There are three so far, and more
 * will follow, with other fields and in another order:
 *
 * 1. `asset` string, `price_usd` double, `event_time` long (logical type timestamp-millis);
 * 2. the same with `venue` string, default `"unknown"`, and `event_id`, a union of null and string, default null;
 * 3. the same as 2, but `price_usd` is called `price`.
 *
 * Decode each record with the schema of its id, and resolve this to a reader's schema of your own, by the rules of Avro ("Schema
 * Resolution" in its specification). See avsc's documentation of `type.createResolver` and `type.fromBuffer`. The types of avsc do
 * not know that fields have `aliases`: write `avro.Type.forSchema({ … } as avro.Schema)`.
 *
 * Any other record is JSON such as `{"asset":"bitcoin","price_usd":68340.12,"event_time":"2025-01-01T10:00:10Z"}`, with these
 * three fields: a string, a number, and a string that `Date.parse` accepts. Other fields are ignored.
 *
 * A record is rejected as `unknown schema` if the registry has no schema of its id, and as `unreadable` if anything else is wrong:
 * bytes that do not fit their schema, a schema that cannot be resolved to the event, a header that is cut short, text that is not
 * such JSON. A record that cannot be decoded does not harm the others. Values are not judged: a price of 0 is a price.
 *
 * A schema that has been fetched is not fetched again, nor are its type and its resolver made again, which takes far longer than
 * decoding a record. An id is not asked for while the answer for it is awaited. An id that was unknown is asked for again in the
 * next call, but not twice in one call.
 *
 * @param fetchSchema asks the registry for the text of a schema: resolves to undefined if there is none of this id, and rejects if
 *   the registry does not answer. In the second case the call of the decoder that needs the schema rejects, too, because nobody
 *   can say yet whether the record is readable. A later call asks again.
 * @returns the decoder; it may be called again before an earlier call has resolved
 */
export function openDecoder(
  fetchSchema: (id: number) => Promise<string | undefined>,
): (records: readonly Buffer[]) => Promise<Decoded> {
  const reader = avro.Type.forSchema({
    type: "record",
    name: "lab.PriceEvent",
    fields: [
      { name: "asset", type: "string" },
      { name: "price_usd", type: "double", aliases: ["price"] },
      { name: "event_time", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "venue", type: "string", default: "unknown" },
      { name: "event_id", type: ["null", "string"], default: null },
    ],
  } as avro.Schema);
  const versions = new Map<number, Promise<Version | Rejected["reason"]>>();

  /** How to read what was written with the schema of an id, or why it cannot be read. */
  function versionOf(id: number): Promise<Version | Rejected["reason"]> {
    const known = versions.get(id);
    if (known !== undefined) return known;
    const loading = fetchSchema(id).then((text) => prepare(reader, text));
    versions.set(id, loading);
    const forget = () => versions.delete(id);
    loading.then((version) => version === "unknown schema" && forget(), forget);
    return loading;
  }

  return async (records) => {
    const ids = [...new Set(records.map(schemaIdOf))].filter((id) => id !== undefined);
    const loaded = await Promise.all(ids.map(versionOf));
    const versionById = new Map(ids.map((id, index) => [id, loaded[index]!]));
    const decoded: Decoded = { events: [], rejected: [] };
    for (const [index, record] of records.entries()) {
      const id = schemaIdOf(record);
      const version = id === undefined ? undefined : versionById.get(id)!;
      const result = decodeOne(reader, record, version);
      if (typeof result === "object") decoded.events.push(result);
      else decoded.rejected.push({ index, reason: result });
    }
    return decoded;
  };
}

/** How to read what was written with a schema. */
interface Version {
  resolver: avro.Resolver;
}

interface ReaderFields {
  asset: string;
  price_usd: number;
  event_time: number;
  venue: string;
  event_id: string | null;
}

/** @param text the writer's schema */
function prepare(reader: avro.Type, text: string | undefined): Version | Rejected["reason"] {
  if (text === undefined) return "unknown schema";
  try {
    const writer = avro.Type.forSchema(JSON.parse(text) as avro.Schema);
    return { resolver: reader.createResolver(writer) };
  } catch {
    return "unreadable";
  }
}

/** The id of the schema of a record in Avro; undefined if the record is something else. */
function schemaIdOf(record: Buffer): number | undefined {
  return record.length >= 5 && record[0] === 0 ? record.readUInt32BE(1) : undefined;
}

/** @param version how to read it; undefined if it has no schema */
function decodeOne(
  reader: avro.Type,
  record: Buffer,
  version: Version | Rejected["reason"] | undefined,
): VenuePrice | Rejected["reason"] {
  if (typeof version === "string") return version;
  try {
    if (version === undefined) return fromJson(record.toString());
    const fields = reader.fromBuffer(record.subarray(5), version.resolver) as ReaderFields;
    return {
      asset: fields.asset,
      priceUsd: fields.price_usd,
      eventTimeMs: fields.event_time,
      venue: fields.venue,
      eventId: fields.event_id,
    };
  } catch {
    return "unreadable";
  }
}

/** @throws an error if the text is not JSON, or null */
function fromJson(text: string): VenuePrice | "unreadable" {
  const { asset, price_usd, event_time } = JSON.parse(text) as Partial<Record<string, unknown>>;
  if (typeof asset !== "string" || typeof price_usd !== "number") return "unreadable";
  const eventTimeMs = typeof event_time === "string" ? Date.parse(event_time) : NaN;
  if (Number.isNaN(eventTimeMs)) return "unreadable";
  return { asset, priceUsd: price_usd, eventTimeMs, venue: "unknown", eventId: null };
}
