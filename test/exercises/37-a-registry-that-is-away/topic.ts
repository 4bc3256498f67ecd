import avro from "avsc";
import { withAdmin } from "../../../labs/log/kafka/client.js";
import { readRawTopic } from "../../../labs/course/lesson/topic.js";
import { openRegistry } from "../../../labs/schema/registry.js";
import { takeHeader } from "../../../labs/schema/wire-format.js";
import { errorMessage } from "../../../labs/shared/errors.js";
import { kafka, registry } from "../systems.js";

// What an answer has left in its topic, as readers find it.

/** A record, decoded with the schema of its id. */
export interface Found {
  key: string;
  /** The schema, parsed from JSON; undefined if readers cannot decode the record. */
  schema?: unknown;
  fields?: unknown;
  /** Why readers cannot decode it. */
  problem?: string;
}

/** How many records a topic has. */
export const countIn = (topic: string): Promise<number> =>
  withAdmin(kafka, async (admin) => {
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  });

/** The records of a topic, those of a partition in order. */
export async function recordsOf(topic: string): Promise<Found[]> {
  const records = await readRawTopic(kafka, topic);
  const raw = records.map(({ key, value }) => ({ key, value: value ?? Buffer.alloc(0) }));
  return Promise.all(raw.map(decoded));
}

const schemas = openRegistry(registry);

async function decoded({ key, value }: { key: string; value: Buffer }): Promise<Found> {
  const headed = takeHeader(value);
  if (headed === undefined) {
    return { key, problem: `no byte 0 and id: ${JSON.stringify(value.toString().slice(0, 40))}` };
  }
  try {
    const { text } = await schemas.schema(headed.schemaId);
    const schema = JSON.parse(text) as avro.Schema;
    const fields = avro.Type.forSchema(schema).fromBuffer(headed.value) as object;
    return { key, schema, fields: { ...fields } };
  } catch (error) {
    return { key, problem: `id ${headed.schemaId}: ${errorMessage(error).split("\n")[0]}` };
  }
}
