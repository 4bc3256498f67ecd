import type { EventLog } from "../log/log.js";
import type { PriceFormat } from "../schema/price-format.js";
import type { StoredSchema } from "../schema/registry.js";
import { takeHeader } from "../schema/wire-format.js";
import { NotFoundError } from "../shared/errors.js";
import type { SparkSession } from "./client.js";
import type { Relation } from "./relation.js";

/** The schemas of the records of a topic. */
export interface TopicSchemas {
  /** The schema with which values in Avro are read, in JSON. */
  readerSchema: string;
  /** By id: the schemas of values in Avro, in JSON. */
  avro: ReadonlyMap<number, string>;
  /** The ids of schemas whose values are JSON. */
  text: readonly number[];
  /** The ids of schemas that cannot be read as that of a price event. */
  unreadable: readonly number[];
  /** For each partition: the registry was asked for the id of every record before this offset. */
  ends: readonly number[];
}

/**
 * Finds the schemas of a topic. A query of Spark must know them when it starts: `from_avro` takes one schema, as a literal.
 *
 * @param topic a batch read of the topic
 * @throws LabError if the registry is unavailable
 */
export async function findSchemas(
  session: SparkSession,
  log: EventLog,
  topic: Relation,
  { registry, readerOf, avroSchema, schemaId }: PriceFormat,
): Promise<TopicSchemas> {
  const ends = await log.endOffsets();
  await session.createView("lab_topic", topic);
  const rows = await session.sql<{ header: Uint8Array }>(
    "SELECT DISTINCT substring(value, 1, 5) AS header FROM lab_topic WHERE substring(value, 1, 1) = X'00'",
  );
  const avro = new Map<number, string>();
  const text: number[] = [];
  const unreadable: number[] = [];
  const found = rows.flatMap(({ header }) => takeHeader(Buffer.from(header))?.schemaId ?? []);
  for (const id of new Set([schemaId, ...found])) {
    let schema: StoredSchema;
    try {
      schema = await registry.schema(id);
    } catch (error) {
      if (error instanceof NotFoundError) continue;
      throw error;
    }
    if (readerOf(schema) === undefined) unreadable.push(id);
    else if (schema.type === "JSON") text.push(id);
    else avro.set(id, schema.text);
  }
  return { readerSchema: avroSchema, avro, text, unreadable, ends };
}
