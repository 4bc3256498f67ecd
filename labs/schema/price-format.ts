import {
  MAX_VALUE_BYTES,
  SCHEMA_REASONS,
  checkEvent,
  parseEvent,
  type DecodeEvent,
  type Message,
  type PriceEvent,
  type Reason,
  type Value,
} from "../event.js";
import { LabError, NotFoundError } from "../shared/errors.js";
import { priceEventAvro, type PriceEventAvro } from "./avro.js";
import { SCHEMAS, priceEventSchema, type FormatWithSchema } from "./formats.js";
import type { SchemaRegistry, StoredSchema } from "./registry.js";
import { addHeader, takeHeader } from "./wire-format.js";

/** How to read the values of one schema. */
type ReadValue = (bytes: Buffer, arrivalTimeMs: number) => PriceEvent | Reason;

/** Price events with schema ids: writes one format and reads all. */
export interface PriceFormat {
  readonly registry: SchemaRegistry;
  /** The id of the schema that it writes with. */
  readonly schemaId: number;
  /** The schema with which values in Avro are read. */
  readonly avroSchema: string;
  readonly readerOf: ReaderOf;
  /** Encodes a message, if it is a valid event. Any other stays as it is, so that readers reject it for the same reason. */
  encode(message: Message): Message<Value>;
  /** Makes a decoder for the records that are in the log by now; see `openDecoder`. */
  decoder(): DecodeEvent;
  /** Decodes only values of schemas that it writes or has met; all others are rejected. It does not need the registry. */
  decodeKnown: DecodeEvent;
}

/** A function that reads the values of a schema. @returns undefined if none of them can be a price event */
export type ReaderOf = (schema: StoredSchema) => ReadValue | undefined;

/** @param avro with the reader's schema for values in Avro */
export function openReaders(avro: PriceEventAvro): ReaderOf {
  return ({ type, text }) => {
    if (type === "PROTOBUF") return undefined;
    // What follows the id is JSON, and the schema says the same as the rules of the lab.
    if (type === "JSON") return (bytes, arrivalMs) => parseEvent(bytes.toString(), arrivalMs);
    let read: (bytes: Buffer) => PriceEvent;
    try {
      read = avro.readerOf(text);
    } catch (error) {
      if (error instanceof LabError) return undefined;
      throw error;
    }
    return (bytes, arrivalMs) => {
      let event: PriceEvent;
      try {
        event = read(bytes);
      } catch (error) {
        if (error instanceof LabError) return SCHEMA_REASONS.bytesDoNotFit;
        throw error;
      }
      return checkEvent(event, arrivalMs);
    };
  };
}

/** What a reader has learned about schemas: how to read their values, by id. */
type Readers = Map<number, ReadValue>;

/**
 * A decoder for the records that are in the log by now. It looks up each schema the first time that it meets its id, also if the
 * registry does not know it: writers register a schema before they write, so the id of a record that is in the log will stay unknown.
 *
 * @param readers of the schemas that are known; more are added
 * @returns a function that throws LabError (or rejects with it) if the registry is unavailable
 */
export function openDecoder(
  registry: SchemaRegistry,
  readerOf: ReaderOf,
  readers: Readers = new Map(),
): DecodeEvent {
  const unknown = new Set<number>();
  async function learn(schemaId: number): Promise<ReadValue> {
    let schema: StoredSchema;
    try {
      schema = await registry.schema(schemaId);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      unknown.add(schemaId);
      return () => SCHEMA_REASONS.schemaUnknown;
    }
    const read = readerOf(schema) ?? (() => SCHEMA_REASONS.schemaUnreadable);
    readers.set(schemaId, read);
    return read;
  }
  return (bytes, arrivalMs) => {
    if (bytes.length > MAX_VALUE_BYTES) return SCHEMA_REASONS.valueTooLong;
    const headed = takeHeader(bytes);
    if (headed === undefined) return SCHEMA_REASONS.headerTruncated;
    const { schemaId, value } = headed;
    const read = readers.get(schemaId);
    if (read !== undefined) return read(value, arrivalMs);
    if (unknown.has(schemaId)) return SCHEMA_REASONS.schemaUnknown;
    return learn(schemaId).then((learned) => learned(value, arrivalMs));
  };
}

/** Decodes only values of schemas that are known already, and asks nobody about others. */
const knownDecoder =
  (readers: Readers): DecodeEvent =>
  (bytes, arrivalMs) => {
    const { schemaId = -1, value = bytes } = takeHeader(bytes) ?? {};
    return readers.get(schemaId)?.(value, arrivalMs) ?? SCHEMA_REASONS.schemaUnknown;
  };

/**
 * Registers the lab's schema of a format, and opens the format.
 *
 * @param root the project's root
 * @throws LabError if the registry is unavailable, or refuses the schema
 */
export async function openPriceFormat(
  format: FormatWithSchema,
  registry: SchemaRegistry,
  root: string,
): Promise<PriceFormat> {
  const { subject, type } = SCHEMAS[format];
  const text = await priceEventSchema(format, root);
  const avroSchema = await priceEventSchema("avro", root);
  const schemaId = await registry.register(subject, { type, text });
  const avro = priceEventAvro(avroSchema);
  const readerOf = openReaders(avro);
  const readers: Readers = new Map([[schemaId, readerOf({ type, text })!]]);
  return {
    registry,
    schemaId,
    avroSchema,
    readerOf,
    encode(message) {
      const event = parseEvent(message.value, message.timestampMs);
      if (typeof event === "string") return message;
      const bytes = format === "avro" ? avro.encode(event) : Buffer.from(message.value);
      return {
        key: message.key,
        value: addHeader(schemaId, bytes),
        timestampMs: message.timestampMs,
      };
    },
    decoder: () => openDecoder(registry, readerOf, readers),
    decodeKnown: knownDecoder(readers),
  };
}
