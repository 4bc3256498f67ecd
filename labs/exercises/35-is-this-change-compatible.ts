import { notDone } from "./not-done.js";

type Primitive = "int" | "long" | "float" | "double" | "string";

/** A field of a record in Avro. `["null", X]` is a union: each value is null or an X. */
export interface Field {
  name: string;
  type: Primitive | ["null", Primitive];
  default?: number | string | null;
  aliases?: string[];
}

/** The schema of a record in Avro. */
export interface RecordSchema {
  type: "record";
  name: string;
  fields: Field[];
}

/**
 * Whether a reader with one schema can read everything that a writer with another schema may write. These are the rules of Avro
 * ("Schema Resolution" in its specification), for two versions of one record:
 *
 * - The fields of the two are matched by name. A field of the reader also matches a field of the writer whose name is one of the
 *   aliases of the reader's field. Aliases that the writer's schema has do not count. The order of the fields does not matter.
 * - A field that both have must have a type that the reader can read; defaults do not matter then.
 * - A field that only the reader has must have a default: any value, also `null`, `0` or `""`.
 * - A field that only the writer has is skipped.
 *
 * A reader's type can read the same type, and: a `long` reads an `int`; a `float` reads an `int` and a `long`; a `double` reads
 * all three. A `string` and a number never read each other. `["null", X]` reads whatever X reads, and `["null", Y]` if X reads Y.
 * An X alone cannot read `["null", Y]`, because some values may be null.
 *
 * In a schema, all names and aliases are different, and no field of the reader matches two of the writer's.
 */
export function canRead(reader: RecordSchema, writer: RecordSchema): boolean {
  // TODO
  return notDone(reader, writer);
}

/**
 * How a newer version of a schema is compatible with an older one, as a schema registry decides it:
 *
 * - `backward`: readers with the newer schema can read what was written with the older one;
 * - `forward`: readers with the older schema can read what is written with the newer one;
 * - `full`: both.
 */
export function compatibility(
  older: RecordSchema,
  newer: RecordSchema,
): { backward: boolean; forward: boolean; full: boolean } {
  // TODO
  return notDone(older, newer);
}
