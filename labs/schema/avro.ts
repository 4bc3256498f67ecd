import { readFile } from "node:fs/promises";
import { join } from "node:path";
import avro from "avsc";
import type { PriceEvent } from "../event.js";
import { LabError, errorMessage } from "../shared/errors.js";
import { addHeader, takeHeader, type WithSchemaId } from "./wire-format.js";
import type { SchemaRegistry } from "./registry.js";

/** Relative to the project's root. */
const PRICE_EVENT_SCHEMA = "labs/schema/price-event.avsc";

/** The fields of a price event in Avro. A `timestamp-millis` is a number: milliseconds since the epoch. */
interface PriceFields {
  asset: string;
  price_usd: number;
  event_time: number;
}

/** The text of the price event's schema. @param root the project's root */
export const priceEventSchema = (root = process.cwd()): Promise<string> =>
  readFile(join(root, PRICE_EVENT_SCHEMA), "utf8");

/** Encodes price events of a subject and decodes those of any version of their schema. */
export interface PriceEventAvro {
  /** @throws LabError if a field does not fit the schema */
  encode(event: PriceEvent): Buffer;
  /**
   * Decodes a record. Fields are matched by name with the reader's schema, as Avro's specification says ("Schema Resolution"):
   * fields that the reader does not know are skipped, those that the writer did not know get their default.
   *
   * @returns a promise only when the schema of the record is met for the first time, because every event passes through here
   * @throws LabError (or rejects with it) if the bytes have no header, do not fit their schema, or its id is unknown
   */
  decode(bytes: Buffer): PriceEvent | Promise<PriceEvent>;
}

/** The message of avsc without its own name of the error. */
const reasonOf = (error: unknown) => errorMessage(error).split("\n")[0];

/**
 * Opens the Avro form of price events, and registers its schema.
 *
 * @param subject such as `crypto_prices-value`
 * @param schema the reader's and the writer's schema, in JSON
 */
export async function openPriceEventAvro(
  registry: SchemaRegistry,
  subject: string,
  schema: string,
): Promise<PriceEventAvro> {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
  const ownId = await registry.register(subject, { type: "AVRO", text: schema });
  /** By id of the writer's schema: how to read its bytes. */
  const resolvers = new Map<number, avro.Resolver | undefined>([[ownId, undefined]]);

  /** Looks up the writer's schema, the first time that its id is met. */
  async function learn(id: number): Promise<void> {
    const { type: kind, text } = await registry.schema(id);
    if (kind !== "AVRO") throw new LabError(`schema ${id} is ${kind}, not Avro`);
    try {
      const writer = avro.Type.forSchema(JSON.parse(text) as avro.Schema);
      resolvers.set(id, type.createResolver(writer));
    } catch (error) {
      throw new LabError(
        `schema ${id} cannot be read as that of ${subject}: ${reasonOf(error)}: register only compatible versions`,
      );
    }
  }

  function read({ schemaId, value }: WithSchemaId): PriceEvent {
    try {
      const fields = type.fromBuffer(value, resolvers.get(schemaId)) as PriceFields;
      return { asset: fields.asset, priceUsd: fields.price_usd, eventTimeMs: fields.event_time };
    } catch (error) {
      throw new LabError(`the bytes do not fit schema ${schemaId}: ${reasonOf(error)}`);
    }
  }

  return {
    encode({ asset, priceUsd, eventTimeMs }) {
      const fields: PriceFields = { asset, price_usd: priceUsd, event_time: eventTimeMs };
      try {
        return addHeader(ownId, type.toBuffer(fields));
      } catch (error) {
        throw new LabError(`the event does not fit the schema: ${reasonOf(error)}`);
      }
    },
    decode(bytes) {
      const headed = takeHeader(bytes);
      if (headed === undefined) throw new LabError("not Avro: the record has no schema id");
      const { schemaId } = headed;
      if (resolvers.has(schemaId)) return read(headed);
      return learn(schemaId).then(() => read(headed));
    },
  };
}
