import type { Mutants } from "../mutants.js";

const FORGET = '    loading.then((version) => version === "unknown schema" && forget(), forget);\n';
const MEMO = `    versions.set(id, loading);
    const forget = () => versions.delete(id);
${FORGET}`;
const LOOP = `    for (const [index, record] of records.entries()) {
      const id = schemaIdOf(record);
      const version = id === undefined ? undefined : versionById.get(id)!;
      const result = decodeOne(reader, record, version);
      if (typeof result === "object") decoded.events.push(result);
      else decoded.rejected.push({ index, reason: result });
    }
`;

export const mutants: Mutants = {
  "readers-schema-only": [
    "The bytes are read with the reader's schema, as if all had been written with it.",
    [
      "reader.fromBuffer(record.subarray(5), version.resolver)",
      "reader.fromBuffer(record.subarray(5))",
    ],
  ],
  "writers-schema-only": [
    "Without a resolver, the fields are those of the writer: no default, no alias.",
    ["resolver: reader.createResolver(writer)", "resolver: writer as never"],
    [
      "reader.fromBuffer(record.subarray(5), version.resolver)",
      "(version.resolver as unknown as avro.Type).fromBuffer(record.subarray(5))",
    ],
  ],
  "no-alias": ["The reader does not find the price of version 3.", [', aliases: ["price"]', ""]],
  "no-default": [
    "Without a default, version 1 cannot be resolved.",
    ['type: "string", default: "unknown"', 'type: "string"'],
  ],
  "type-for-each-record": [
    "Types and resolver are made again for each record.",
    [
      "return { resolver: reader.createResolver(writer) };",
      "reader.createResolver(writer);\n    return { resolver: text as never };",
    ],
    [
      "const fields = reader.fromBuffer(record.subarray(5), version.resolver)",
      "const text = version.resolver as unknown as string;\n    const writer = avro.Type.forSchema(JSON.parse(text) as avro.Schema);\n    const fields = reader.fromBuffer(record.subarray(5), reader.createResolver(writer))",
    ],
  ],
  "asked-for-each-record": [
    "Records of a new id are decoded before its schema has arrived, and each asks for it.",
    ["[...new Set(records.map(schemaIdOf))].filter(", "records.map(schemaIdOf).filter("],
    [MEMO, "    loading.then(() => versions.set(id, loading)).catch(() => {});\n"],
  ],
  "remembered-too-late": [
    "A second call asks again while the first one waits.",
    [MEMO, "    loading.then(() => versions.set(id, loading)).catch(() => {});\n"],
  ],
  "shared-by-all": [
    "All decoders share a map, although their registries differ.",
    ['  const versions = new Map<number, Promise<Version | Rejected["reason"]>>();\n', ""],
    [
      "/** How to read what was written with a schema. */",
      'const versions = new Map<number, Promise<Version | Rejected["reason"]>>();\n\n/** How to read what was written with a schema. */',
    ],
  ],
  "failure-remembered": [
    "The promise that was rejected is kept: the registry is never asked again.",
    [FORGET, "    void forget;\n"],
  ],
  "unknown-remembered": [
    "An id that was unknown once stays unknown.",
    [FORGET, "    loading.catch(forget);\n"],
  ],
  "silence-is-unknown": [
    "A registry that does not answer is taken for one that does not know the id.",
    [
      "fetchSchema(id).then((text) =>",
      "fetchSchema(id)\n      .catch(() => undefined)\n      .then((text) =>",
    ],
  ],
  "one-harms-all": [
    "A schema that does not fit makes the whole call reject.",
    [
      '  } catch {\n    return "unreadable";\n  }\n}\n\n/** The id',
      "  } catch (error) {\n    throw error;\n  }\n}\n\n/** The id",
    ],
  ],
  "stops-at-the-first": [
    "After a record that cannot be read, the rest is given up.",
    [
      "else decoded.rejected.push({ index, reason: result });",
      "else {\n        decoded.rejected.push({ index, reason: result });\n        break;\n      }",
    ],
  ],
  dropped: [
    "Records that cannot be read disappear.",
    ["else decoded.rejected.push({ index, reason: result });", "else void index;"],
  ],
  "as-they-are-ready": [
    "What does not wait for a schema comes first: the order is lost.",
    [
      "    const loaded = await Promise.all(ids.map(versionOf));\n    const versionById = new Map(ids.map((id, index) => [id, loaded[index]!]));\n",
      "    void ids;\n",
    ],
    [
      LOOP,
      `    const decodeNext = async (record: Buffer, index: number) => {
      const id = schemaIdOf(record);
      const version = id === undefined ? undefined : await versionOf(id);
      const result = decodeOne(reader, record, version);
      if (typeof result === "object") decoded.events.push(result);
      else decoded.rejected.push({ index, reason: result });
    };
    await Promise.all(records.map(decodeNext));
`,
    ],
  ],
  "id-in-one-byte": [
    "Ids are small while one tries things out, and use all four bytes later.",
    ["record.readUInt32BE(1)", "record[4]"],
  ],
  "null-is-an-object": [
    "The text null throws, and nobody catches it.",
    [
      '  if (typeof version === "string") return version;\n  try {\n    if (version === undefined) return fromJson(record.toString());\n',
      '  if (typeof version === "string") return version;\n  if (version === undefined) return fromJson(record.toString());\n  try {\n',
    ],
  ],
};
