import { notDone } from "./not-done.js";
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
  // TODO
  return notDone(fetchSchema, avro);
}
