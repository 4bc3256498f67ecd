import type { Mutants } from "../mutants.js";

const EACH = "    for await (const { key, schema, fields } of events) {\n";
const BODY = `      let encode = encoders.get(schema);
      if (encode === undefined) {
        encode = encoderOf(await register(versions, schema), schema);
        encoders.set(schema, encode);
      }
      await producer.send({ topic, acks: -1, messages: [{ key, value: encode(fields) }] });
    }
`;
const REGISTER = "encode = encoderOf(await register(versions, schema), schema);";
const WAIT = "    await new Promise((resolve) => setTimeout(resolve, 250));\n";
const CATCH = ".catch(() => noAnswer)";

export const mutants: Mutants = {
  "json-instead": [
    "While the registry is away, events are sent as JSON, which readers of Avro cannot decode.",
    [WAIT, "    return -1;\n"],
    [
      "  const header = Buffer.alloc(5);",
      "  if (id < 0) return (fields) => Buffer.from(JSON.stringify(fields));\n  const header = Buffer.alloc(5);",
    ],
  ],
  "last-known-schema": [
    "While the registry is away, events are encoded with the last schema that is known, and lose fields.",
    [WAIT, "    return -1;\n"],
    [
      REGISTER,
      "const id = await register(versions, schema);\n        const last = [...encoders.values()].at(-1);\n        encode = id < 0 && last !== undefined ? last : encoderOf(id, schema);",
    ],
  ],
  "gives-up-soon": [
    "One second is not enough for a registry to start.",
    ["performance.now() + 60_000", "performance.now() + 1_000"],
  ],
  "refusal-retried": [
    "It asks for ever, although the schema will never be compatible.",
    ["if (status < 500) {", "if (status < 400) {"],
  ],
  "only-409-is-final": [
    "Of the refusals, it knows only one.",
    ["if (status < 500) {", "if (status === 409) {"],
  ],
  "reason-lost": [
    "The error does not say what is wrong with the schema.",
    [": ${status}: ${message}`", ": ${status}${message.slice(0, 0)}`"],
  ],
  "registered-for-each-event": [
    "It asks the registry for each event, and so needs it all the time.",
    ["        encoders.set(schema, encode);\n", ""],
  ],
  "no-time-limit": [
    "A request that nobody answers is waited for, for minutes.",
    [", body, signal }", ", body }"],
    ["  const signal = AbortSignal.timeout(5_000);\n", ""],
  ],
  "only-statuses-are-retried": [
    "Without an answer there is no status: fetch rejects, and so does the producer.",
    [CATCH, ""],
    [
      '  const noAnswer = { status: 503, text: "" }; // no answer is like one that says: not ready\n',
      "",
    ],
  ],
  "asks-first": [
    "It looks whether the registry is there, and gives up if it is not there yet.",
    [
      "  await producer.connect();\n",
      "  await fetch(`${registry}/subjects`);\n  await producer.connect();\n",
    ],
  ],
  "all-first": [
    "All events are kept in memory before the first one is sent.",
    [
      EACH,
      "    const all: Outgoing[] = [];\n    for await (const each of events) all.push(each);\n    for (const { key, schema, fields } of all) {\n",
    ],
  ],
  "piles-up": [
    "Events go on arriving while the sender waits.",
    [
      EACH,
      `    const queue: Outgoing[] = [];
    let isRead = false;
    const reading = (async () => {
      for await (const each of events) queue.push(each);
    })().finally(() => (isRead = true));
    while (!isRead || queue.length > 0) {
      const next = queue.shift();
      if (next === undefined) {
        await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 2))]);
        continue;
      }
      const { key, schema, fields } = next;
`,
    ],
  ],
  overtakes: [
    "Events of a known schema overtake those that wait for a new one.",
    [
      "new Map<string, (fields: object) => Buffer>()",
      "new Map<string, Promise<(fields: object) => Buffer>>()",
    ],
    [EACH, "    const sends = new Set<Promise<unknown>>();\n" + EACH],
    [
      BODY,
      `      const ready =
        encoders.get(schema) ??
        Promise.allSettled(encoders.values())
          .then(() => register(versions, schema))
          .then((id) => encoderOf(id, schema));
      encoders.set(schema, ready);
      const sending = ready.then((encode) =>
        producer.send({ topic, acks: -1, messages: [{ key, value: encode(fields) }] }),
      );
      sends.add(sending);
      sending.then(() => sends.delete(sending)).catch(() => {});
      if (sends.size >= 50) await Promise.race(sends);
    }
    await Promise.all(sends);
`,
    ],
  ],
  "batch-again": [
    "When the registry is away, the whole batch is sent again, and what was stored already, twice.",
    [WAIT, "    break;\n"],
    [
      EACH + BODY,
      `    let batch: Outgoing[] = [];
    const flush = async () => {
      for (const { key, schema, fields } of batch) {
        const encode =
          encoders.get(schema) ?? encoderOf(await register(versions, schema), schema);
        encoders.set(schema, encode);
        await producer.send({ topic, acks: -1, messages: [{ key, value: encode(fields) }] });
      }
      batch = [];
    };
    const flushAgain = async (): Promise<void> => {
      await flush().catch(async (error: Error) => {
        if (!error.message.startsWith("the registry is away")) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
        await flushAgain();
      });
    };
    for await (const each of events) {
      batch.push(each);
      const isKnown = encoders.has(each.schema);
      if (!isKnown || batch.length >= 20) await flushAgain();
    }
    await flushAgain();
`,
    ],
  ],
  skips: [
    "An event whose schema is refused is left out, and nobody learns of it.",
    [
      REGISTER,
      "const id = await register(versions, schema).catch(() => -1);\n        if (id < 0) continue;\n        encode = encoderOf(id, schema);",
    ],
  ],
  flood: [
    "It asks again at once: a registry that starts is flooded with requests.",
    [WAIT, "    await new Promise((resolve) => setTimeout(resolve, 1));\n"],
  ],
  "not-the-subject": [
    "The subject of the values of a topic ends in -value.",
    ["${topic}-value/versions", "${topic}/versions"],
  ],
  "id-of-this-machine": [
    "The header has the most significant byte of the id first.",
    ["writeUInt32BE(id, 1)", "writeUInt32LE(id, 1)"],
  ],
  "no-header": [
    "Without the id, readers do not know the schema.",
    ["Buffer.concat([header, type.toBuffer(fields)])", "(void header, type.toBuffer(fields))"],
  ],
};
