import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownAddresses } from "../../labs/shared/config.js";
import { config, stack, uniqueName } from "./environment.js";

const URL = ownAddresses(config.stack).registry;
const SCHEMA = JSON.stringify({
  type: "record",
  name: "Price",
  fields: [{ name: "asset", type: "string" }],
});

async function register(subject: string): Promise<number> {
  const response = await fetch(`${URL}/subjects/${subject}/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema: SCHEMA }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { id: number }).id;
}

const subjects = async () => (await fetch(`${URL}/subjects`)).json() as Promise<string[]>;

test("a schema survives kill -9 of the registry, with its id", async () => {
  const subject = uniqueName("survives");
  const { pid } = (await stack.status()).find(({ name }) => name === "registry")!;
  const id = await register(subject);
  process.kill(pid!, "SIGKILL"); // at once
  await stack.start("registry");
  expect(await subjects()).toContain(subject);
  const found = await fetch(`${URL}/schemas/ids/${id}`);
  expect(JSON.parse(((await found.json()) as { schema: string }).schema)).toEqual(
    JSON.parse(SCHEMA),
  );
});

test("a registry whose database is damaged says so, and starts after a reset", async () => {
  await register(uniqueName("lost"));
  await stack.stop("registry");
  await writeFile(join(stack.places.data, "registry/registry.mv.db"), "this is no database");
  await expect(stack.start("registry")).rejects.toThrow(
    "registry cannot start: its database cannot be opened; remove it, with all schemas: npx tsx scripts/stack.ts reset registry",
  );
  await stack.reset(["registry"]);
  await stack.start("registry");
  expect(await subjects()).toEqual([]);
});
