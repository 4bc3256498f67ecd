import type { PriceEvent, Reason } from "../../labs/event.js";
import { priceEventAvro } from "../../labs/schema/avro.js";
import { openDecoder, openReaders } from "../../labs/schema/price-format.js";
import type { SchemaRegistry } from "../../labs/schema/registry.js";
import { addHeader } from "../../labs/schema/wire-format.js";

/** A writer and a reader of price events with one version of their schema. */
export interface VersionedEvents {
  schemaId: number;
  /** The bytes of a record: the header of the wire format, then the event in Avro. */
  encode(event: PriceEvent): Buffer;
  /** Decodes a record of any version. @returns the event, or the reason why it cannot be read */
  decode(bytes: Buffer): Promise<PriceEvent | Reason>;
}

/**
 * Registers a version of the price event's schema, and opens a writer and a reader that have it.
 *
 * @param subject such as `crypto_prices-value`
 * @param schema in JSON, with the fields of the lab's price event
 * @throws IncompatibleError if the registry refuses the schema
 */
export async function openPriceEventAvro(
  registry: SchemaRegistry,
  subject: string,
  schema: string,
): Promise<VersionedEvents> {
  const schemaId = await registry.register(subject, { type: "AVRO", text: schema });
  const avro = priceEventAvro(schema);
  const readerOf = openReaders(avro);
  return {
    schemaId,
    encode: (event) => addHeader(schemaId, avro.encode(event)),
    decode: async (bytes) => openDecoder(registry, readerOf)(bytes, Infinity),
  };
}
