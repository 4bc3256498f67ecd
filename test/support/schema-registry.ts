import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import avro from "avsc";
import { onTestFinished } from "vitest";
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

/** A server that is no registry: it gives the same answer to every request, until the test ends. */
export async function brokenRegistry(): Promise<{
  /** With a user and a password. */
  url: string;
  answer(status: number, body: string): void;
  close(): void;
}> {
  let [status, body] = [500, ""];
  const server = createServer((_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://me:hidden@127.0.0.1:${port}`,
    answer: (...next) => void ([status, body] = next),
    close: () => void server.close(),
  };
}
