import type { EventLog } from "../log/log.js";
import type { PriceFormat } from "../schema/price-format.js";
import type { StoredSchema } from "../schema/registry.js";
import { takeHeader } from "../schema/wire-format.js";
import { NotFoundError } from "../shared/errors.js";
import type { SparkSession } from "./client.js";
import type { Relation } from "./relation.js";

/** How many schemas are asked for at once. */
const ASKED_AT_ONCE = 16;

/** How Spark decodes values of a schema in Avro; both in JSON. */
export interface AvroSchemas {
  writer: string;
  reader: string;
}

/** The schemas of the records of a topic, by id. */
export interface TopicSchemas {
  avro: ReadonlyMap<number, AvroSchemas>;
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
 * @param topicFrom a batch read of the topic from given offsets, or from its beginning
 * @param known what was found before; only newer records are looked at
 * @throws LabError if the registry is unavailable
 */
export async function findSchemas(
  session: SparkSession,
  log: EventLog,
  topicFrom: (offsets?: readonly number[]) => Relation,
  { registry, readerOf, avroSchema, schemaId }: PriceFormat,
  known?: TopicSchemas,
): Promise<TopicSchemas> {
  const ends = await log.endOffsets();
  await session.createView("lab_topic", topicFrom(known?.ends));
  const rows = await session.sql<{ header: Uint8Array }>(
    "SELECT DISTINCT substring(value, 1, 5) AS header FROM lab_topic WHERE substring(value, 1, 1) = X'00'",
  );
  const avro = new Map(known?.avro);
  const text = [...(known?.text ?? [])];
  const unreadable = [...(known?.unreadable ?? [])];
  async function find(id: number): Promise<void> {
    let schema: StoredSchema;
    try {
      schema = await registry.schema(id);
    } catch (error) {
      if (error instanceof NotFoundError) return;
      throw error;
    }
    if (readerOf(schema) === undefined) unreadable.push(id);
    else if (schema.type === "JSON") text.push(id);
    else avro.set(id, { writer: schema.text, reader: withOtherFields(avroSchema, schema.text) });
  }
  const ids = rows.flatMap(({ header }) => takeHeader(Buffer.from(header))?.schemaId ?? []);
  const isNew = (id: number) => !avro.has(id) && !text.includes(id) && !unreadable.includes(id);
  const wanted = [...new Set([schemaId, ...ids])].filter(isNew);
  while (wanted.length > 0) await Promise.all(wanted.splice(0, ASKED_AT_ONCE).map(find));
  return { avro, text, unreadable, ends };
}

interface AvroField {
  name: string;
  aliases?: string[];
  type: unknown;
}

/** The types of fields that Spark can decode whatever else the schema has. */
const PLAIN_TYPES = ["boolean", "int", "long", "float", "double", "bytes", "string"];
const isPlain = (type: unknown): boolean =>
  Array.isArray(type)
    ? type.length === 2 && type[0] === "null" && PLAIN_TYPES.includes(type[1] as string)
    : PLAIN_TYPES.includes(type as string);

/**
 * A reader's schema that also has the plain fields that only the writer has. Java's decoder skips fields that the reader does not
 * have, and where the length of one is negative it goes backwards and takes other bytes for the rest of the record, without an error.
 */
function withOtherFields(reader: string, writer: string): string {
  const schema = JSON.parse(reader) as { fields: AvroField[] };
  const names = schema.fields.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  const others = (JSON.parse(writer) as { fields: AvroField[] }).fields
    .filter(({ name, type }) => !names.includes(name) && isPlain(type))
    .map(({ name, type }) => ({ name, type }));
  return JSON.stringify({ ...schema, fields: [...schema.fields, ...others] });
}
