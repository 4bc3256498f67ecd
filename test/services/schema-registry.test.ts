import avro from "avsc";
import { expect, test } from "vitest";
import { priceEventVersions } from "../../labs/course/lesson/price-event-versions.js";
import { openPriceEventAvro } from "../support/price-event-avro.js";
import {} from "../../labs/schema/price-format.js";
import { priceEventSchema } from "../../labs/schema/formats.js";
import { IncompatibleError, openRegistry } from "../../labs/schema/registry.js";
import { addHeader } from "../../labs/schema/wire-format.js";
import { ownAddresses } from "../../labs/shared/config.js";
import { NotFoundError } from "../../labs/shared/errors.js";
import { brokenRegistry } from "../support/schema-registry.js";
import { config, stack, uniqueName } from "./environment.js";

const URL = ownAddresses(config.stack).registry;
const SCHEMA = await priceEventSchema("avro");

/** The schema with one more field. */
function withField(field: object): string {
  const schema = JSON.parse(SCHEMA) as { fields: object[] };
  return JSON.stringify({ ...schema, fields: [...schema.fields, field] });
}

test("the same schema gets the same id, and the id its schema", async () => {
  const registry = openRegistry(URL);
  const schema = { type: "AVRO", text: SCHEMA } as const;
  const id = await registry.register(uniqueName("one"), schema);
  expect(await registry.register(uniqueName("other"), schema)).toBe(id);
  const { type, text } = await registry.schema(id);
  expect(type).toBe("AVRO");
  expect(JSON.parse(text)).toEqual(JSON.parse(SCHEMA));
});

test("programs that register the same schema at the same moment all get its id", async () => {
  for (let round = 0; round < 10; round++) {
    const [subject, doc] = [uniqueName("race"), uniqueName("doc")];
    const text = JSON.stringify({ ...(JSON.parse(SCHEMA) as object), doc });
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => openRegistry(URL).register(subject, { type: "AVRO", text })),
    );
    expect(new Set(ids).size).toBe(1);
  }
});

test("an incompatible version is refused with a reason, a compatible one is read by old readers", async () => {
  const registry = openRegistry(URL);
  const subject = uniqueName("evolves");
  const old = await openPriceEventAvro(registry, subject, SCHEMA);
  await registry.setCompatibility(subject, "FULL_TRANSITIVE");
  const text = withField({ name: "venue", type: "string" });
  await expect(registry.register(subject, { type: "AVRO", text })).rejects.toThrow(
    IncompatibleError,
  );
  await expect(registry.register(subject, { type: "AVRO", text })).rejects.toThrow(/409.*venue/);
  const young = await openPriceEventAvro(
    registry,
    subject,
    withField({ name: "venue", type: "string", default: "unknown" }),
  );
  const event = { asset: "bitcoin", priceUsd: 94_000.5, eventTimeMs: 1_735_725_600_000 };
  expect(await old.decode(young.encode(event))).toEqual(event);
  expect(await young.decode(old.encode(event))).toEqual(event);
});

test("the three versions of the price event follow one another, each readable by the lab's reader", async () => {
  const registry = openRegistry(URL);
  const subject = uniqueName("versions");
  await registry.setCompatibility(subject, "BACKWARD_TRANSITIVE");
  const reader = await openPriceEventAvro(registry, subject, SCHEMA);
  const [, ...later] = priceEventVersions(SCHEMA);
  const rows = [
    { venue: "northgate", event_id: "7", price_usd: 1.5 },
    { venue: "northgate", event_id: null, price: 1.5 },
  ];
  for (const [index, version] of later.entries()) {
    const text = JSON.stringify(version);
    expect(await registry.isCompatible(subject, { type: "AVRO", text })).toBe(true);
    const id = await registry.register(subject, { type: "AVRO", text });
    const row = { asset: "bitcoin", event_time: 7, ...rows[index] };
    const bytes = addHeader(id, avro.Type.forSchema(version as avro.Schema).toBuffer(row));
    expect(await reader.decode(bytes)).toEqual({ asset: "bitcoin", priceUsd: 1.5, eventTimeMs: 7 });
  }
  expect(await registry.versions(subject)).toEqual([1, 2, 3]);
  const withoutPrice = {
    ...later[1],
    fields: later[1]!.fields.filter(({ name }) => name !== "price"),
  };
  const renamed = {
    ...later[1],
    fields: [...withoutPrice.fields, { name: "cost", type: "double" }],
  };
  const text = JSON.stringify(renamed);
  expect(await registry.isCompatible(subject, { type: "AVRO", text })).toBe(false);
  expect(await registry.versions(subject)).toEqual([1, 2, 3]);
  await registry.deleteSubject(subject);
  await expect(registry.versions(subject)).rejects.toThrow(NotFoundError);
});

test("a schema in JSON Schema keeps its type", async () => {
  const registry = openRegistry(URL);
  // Apicurio recognizes a JSON Schema by $schema or properties.
  const text = JSON.stringify({ type: "object", properties: { asset: { type: "string" } } });
  const id = await registry.register(uniqueName("json"), { type: "JSON", text });
  expect(await registry.schema(id)).toMatchObject({ type: "JSON" });
});

test("an unknown id is an error that names it, and is asked for again", async () => {
  const registry = openRegistry(URL);
  await expect(registry.schema(987_654)).rejects.toThrow(NotFoundError);
  await expect(registry.schema(987_654)).rejects.toThrow(/schema 987654: .* answered 404/);
  for (const id of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    await expect(registry.schema(id), String(id)).rejects.toThrow(NotFoundError);
  }
});

test("while the registry is away, a request waits for it and says so once", async () => {
  const notices: string[] = [];
  const registry = openRegistry(URL, { notify: (notice) => notices.push(notice) });
  await stack.stop("registry");
  const id = registry.register(uniqueName("waits"), { type: "AVRO", text: SCHEMA });
  await stack.start("registry");
  expect(await id).toBeGreaterThan(0);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(
    /^a schema of .* the registry at http:.*; trying for 60 s \(start it\)$/,
  );
});

test("a registry that stays away, answers 500 or a page is an error in words, without the password", async () => {
  const { url, answer, close } = await brokenRegistry();
  const ask = (of: string) => openRegistry(of, { patienceMs: 300 }).schema(1);
  answer(500, '{"message":"out of order"}');
  await expect(ask(url)).rejects.toThrow(
    /^schema 1: the registry at .* answered 500: out of order/,
  );
  answer(200, "<html>Welcome</html>");
  await expect(ask(url)).rejects.toThrow(/answered 200/);
  for (const body of ['{"status":"ok"}', '{"id":"7"}', "[]", '{"schema":7}']) {
    answer(200, body);
    await expect(ask(url), body).rejects.toThrow(/answered 200, but not as a schema registry/);
  }
  for (const body of ['{"error_code":404,"message":"no"}', '{"error_code":0}', "<html></html>"]) {
    answer(404, body);
    const failed = ask(url);
    await expect(failed, body).rejects.toThrow(/answered 404.*is the path of the API missing/);
    await expect(failed, body).rejects.not.toThrow(NotFoundError);
  }
  answer(404, '{"error_code":40403,"message":"no such schema"}');
  await expect(ask(url)).rejects.toThrow(NotFoundError);
  answer(
    422,
    `{"message":"bad Basic ${Buffer.from("me:hidden").toString("base64")} ${"x".repeat(400)}"}`,
  );
  await expect(ask(url)).rejects.toThrow(/answered 422: bad Basic … x+ …$/);
  answer(401, "{}");
  await expect(ask(url)).rejects.toThrow(/answered 401/);
  await expect(ask(url)).rejects.not.toThrow(/hidden/);
  close();
  const stop = new AbortController();
  const waiting = openRegistry("http://127.0.0.1:1", { signal: stop.signal }).schema(1);
  setTimeout(() => stop.abort(), 500);
  await expect(waiting, "not for a minute").rejects.toThrow(/the registry at/);
  await expect(ask("http://127.0.0.1:1")).rejects.toThrow(/the registry at http:..127.0.0.1:1: /);
});
