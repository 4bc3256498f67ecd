import avro from "avsc";
import type { SchemaRegistry, StoredSchema } from "../../labs/schema/registry.js";
import { addHeader } from "../../labs/schema/wire-format.js";
import { NotFoundError } from "../../labs/shared/errors.js";

/** A registry in memory that accepts every schema: for tests of what follows from a schema, not of the registry. */
export interface MemoryRegistry extends SchemaRegistry {
  /** The bytes that another writer, with a schema of its own, writes. */
  written(schema: string, value: unknown): Promise<Buffer>;
}

export function memoryRegistry(): MemoryRegistry {
  const schemas: StoredSchema[] = [];
  const idOf = ({ type, text }: StoredSchema): number => {
    const at = schemas.findIndex((each) => each.type === type && each.text === text);
    return at >= 0 ? at + 1 : schemas.push({ type, text });
  };
  return {
    register: (_, schema) => Promise.resolve(idOf(schema)),
    schema(id) {
      const found = schemas[id - 1];
      if (found === undefined) return Promise.reject(new NotFoundError(`schema ${id} is unknown`));
      return Promise.resolve(found);
    },
    versions: () => Promise.resolve(schemas.map((_, index) => index + 1)),
    isCompatible: () => Promise.resolve(true),
    setCompatibility: () => Promise.resolve(),
    deleteSubject: () => Promise.resolve(),
    written(text, value) {
      const bytes = avro.Type.forSchema(JSON.parse(text) as avro.Schema).toBuffer(value);
      return Promise.resolve(addHeader(idOf({ type: "AVRO", text }), bytes));
    },
  };
}
