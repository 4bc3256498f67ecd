import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The formats in which a producer can write price events. In all but the first a value begins with the id of its schema. */
export const FORMATS = ["json", "avro", "json-schema"] as const;
export type Format = (typeof FORMATS)[number];
export type FormatWithSchema = Exclude<Format, "json">;

/**
 * The schemas that the lab writes with. They are registered under the names of their records (`RecordNameStrategy` of Confluent's
 * clients), because each output has a topic of its own. Paths are relative to the project's root.
 */
export const SCHEMAS = {
  avro: { subject: "lab.PriceEvent", type: "AVRO", path: "labs/schema/price-event.avsc" },
  "json-schema": {
    subject: "lab.PriceEventText",
    type: "JSON",
    path: "labs/schema/price-event.schema.json",
  },
} as const;

/** The text of the lab's schema of a format. @param root the project's root */
export const priceEventSchema = (format: FormatWithSchema, root = process.cwd()): Promise<string> =>
  readFile(join(root, SCHEMAS[format].path), "utf8");

/** The limit of times in Avro, in milliseconds before and after the epoch: beyond it avsc loses the sign. */
export const TIME_LIMIT_MS = 2 ** 52;
