/** A field of a record in Avro, as far as the versions use it. */
export interface AvroField {
  name: string;
  type: unknown;
  default?: unknown;
  aliases?: string[];
  doc?: string;
}

/** The schema of a record in Avro. */
export interface AvroRecord {
  type: "record";
  name: string;
  fields: AvroField[];
}

/**
 * Three versions of the price event, as it could evolve. The first is the lab's own. The second adds `venue`, with a default,
 * and `event_id`, which may be null. The third renames `price_usd` to `price`, with the old name as an alias.
 *
 * @param text the schema of the lab's price event, in JSON
 */
export function priceEventVersions(text: string): [AvroRecord, AvroRecord, AvroRecord] {
  const first = JSON.parse(text) as AvroRecord;
  const second = {
    ...first,
    fields: [
      ...first.fields,
      { name: "venue", type: "string", default: "unknown" },
      { name: "event_id", type: ["null", "string"], default: null },
    ],
  };
  const third = {
    ...second,
    fields: second.fields.map((field) =>
      field.name === "price_usd" ? { ...field, name: "price", aliases: ["price_usd"] } : field,
    ),
  };
  return [first, second, third];
}
