import { readFileSync, readdirSync } from "node:fs";
import { chmod, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kafkaClient, withAdmin } from "../../labs/log/kafka/client.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import type { KafkaAddress } from "../../labs/shared/kafka-address.js";
import { PORT_NAMES, portVariable } from "../../labs/shared/config.js";
import { prepareSettings } from "../../labs/stack/settings.js";
import { securedKafka, variablesFile } from "../../labs/stack/secure.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { localStore } from "../../labs/store/local.js";
import { readAll } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { makeAuthority, tlsProxy } from "../support/certificates.js";
import { runPipelineCommand, start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { ENVIRONMENT, hdfs, stack, uniqueName } from "./environment.js";
import { startSecured } from "./secured-stack.js";

// Spark and HDFS are those of the other tests.
const secured = startSecured(["kafka"]);
const { config } = secured;
const { sparkUi } = stack.addresses;

/** The variables that the file of a user sets. */
async function variablesOf(user: "lab" | "reader"): Promise<Record<string, string>> {
  const text = await readFile(variablesFile(secured.places, user), "utf8");
  const lines = text.matchAll(/^export (\w+)='?(.*?)'?$/gm);
  return {
    ...ENVIRONMENT,
    ...Object.fromEntries([...lines].map(([, name, value]) => [name, value])),
  };
}

const EVENTS = ["--source", "market", "--events", "2000", "--log", "kafka"];

const rowsOf = async (store: Store) =>
  (await readAll(store, "windows")).map((row) => JSON.stringify(row)).sort();

/** What Spark's web UI shows, as JSON. */
async function sparkApi(path: string): Promise<string> {
  const applications = `${sparkUi}/api/v1/applications`;
  const [{ id }] = (await (await fetch(applications)).json()) as [{ id: string }];
  return (await fetch(`${applications}/${id}${path}`)).text();
}

/** The files below a folder, with their paths. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

test("through TLS and a password our engine and Spark compute the products of an open Kafka, and the password is nowhere to be seen", async () => {
  const variables = await variablesOf("lab");
  const password = variables["KAFKA_PASSWORD"]!;
  const open = await temporaryFolder();
  const own = await temporaryFolder();
  const path = `/${uniqueName("secured")}`;
  const onSpark = [
    "--engine",
    "spark",
    "--stack",
    "--out",
    `hdfs://127.0.0.1:${hdfs.rpcPort}${path}`,
  ];
  const run = async (args: string[], environment: Record<string, string>) => {
    const { code, stdout, stderr } = await runPipelineCommand([...EVENTS, ...args], environment);
    expect(code, stderr).toBe(0);
    expect(stdout + stderr).not.toContain(password);
  };
  /** The command lines of all processes, while the pipelines run. */
  let commands = "";
  const watch = setInterval(() => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        commands += readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        // it has ended
      }
    }
  }, 200);
  await run(["--out", open], ENVIRONMENT);
  await Promise.all([run(["--out", own], variables), run(onSpark, variables)]);
  clearInterval(watch);

  const rows = await rowsOf(localStore(open));
  expect(rows.length).toBeGreaterThan(20);
  expect(await rowsOf(localStore(own))).toEqual(rows);
  const store = hdfsStore({ ...hdfs, path }, true);
  expect((await rowsOf(store)).length).toBe(rows.length);

  expect(commands).toContain("kafka.Kafka");
  expect(commands).not.toContain(password);
  const plans = await sparkApi(`/sql?details=true&length=10000`);
  expect(plans).toContain("crypto_prices_");
  const page = await (await fetch(`${sparkUi}/SQL/`)).text();
  expect(page).toContain("create_dataframe_view");
  for (const shown of [plans, page, await sparkApi("/environment")]) {
    expect(shown).not.toContain(password);
  }
  const logs = [secured.places.logs, stack.places.logs, own, join(stack.places.data, "spark")];
  const hadoop = await filesBelow(join(stack.places.data, "hadoop")); // the checkpoint of Spark is in its blocks
  const files = (await Promise.all(logs.map(filesBelow))).flat();
  for (const file of [...files, ...hadoop]) {
    expect((await readFile(file)).includes(password), file).toBe(false);
  }
});

/** A proxy with a certificate of its own before the secured Kafka. */
const proxy = async (pfx: Buffer) => `127.0.0.1:${await tlsProxy(pfx, config.ports.KAFKA_PORT)}`;

test("whatever is wrong with the certificate, the user or a right is one line that says what to do, and exit code 1", async () => {
  const variables = await variablesOf("lab");
  const authority = await makeAuthority();
  const named = await proxy(await authority.sign({ host: "dns:elsewhere.example" }));
  const expired = await proxy(await authority.sign({ isExpired: true }));
  const ca = { KAFKA_CA_FILE: authority.caFile };
  const none = { KAFKA_SASL_MECHANISM: "", KAFKA_USERNAME: "", KAFKA_PASSWORD: "" };
  const open = { KAFKA_SSL: "", KAFKA_CA_FILE: "" };
  const wrong = { KAFKA_PASSWORD: "wrong-s3cret" };
  const door = `127.0.0.1:${config.ports.KAFKA_PORT}`;
  const cases: [Record<string, string>, RegExp][] = [
    [wrong, /refuses the user lab .*check KAFKA_USERNAME, KAFKA_PASSWORD/],
    [{ ...wrong, KAFKA_SASL_MECHANISM: "PLAIN" }, /refuses the user lab .*check KAFKA_USERNAME/],
    [{ KAFKA_SASL_MECHANISM: "SCRAM-SHA-256" }, /refuses the user .*KAFKA_SASL_MECHANISM/],
    [{ KAFKA_USERNAME: "nobody" }, /refuses the user nobody /],
    [{ KAFKA_CA_FILE: "" }, /certificate .* is not accepted .*self-signed.*set KAFKA_CA_FILE/],
    [
      { KAFKA_BROKERS: named, ...ca },
      /certificate .* is not accepted .*not in the cert.*KAFKA_BROKERS/,
    ],
    [{ KAFKA_BROKERS: expired, ...ca }, /certificate .* is not accepted .*expired/],
    [none, /if it asks for a password, set KAFKA_SASL_MECHANISM/],
    [{ ...none, ...open }, /if it asks for TLS, set KAFKA_SSL=true; if for a password/],
    [{ KAFKA_BROKERS: door }, /if it has no TLS at this port, set KAFKA_SSL=false/],
    [
      { ...none, ...open, KAFKA_BROKERS: door },
      /a client without a user may not create the topic .*KAFKA_USERNAME/,
    ],
    [
      await variablesOf("reader"),
      /the user reader may not create the topic .*--operation Create --resource-pattern-type prefixed --topic crypto_prices/,
    ],
  ];
  await Promise.all(
    cases.map(async ([changed, message]) => {
      const args = [...EVENTS, "--out", await temporaryFolder()];
      const environment = { ...variables, ...changed };
      const { code, stderr } = await runPipelineCommand(args, environment);
      const lines = stderr.trimEnd().split("\n");
      expect(lines, stderr).toHaveLength(1);
      expect(lines[0]).toMatch(message);
      expect(code).toBe(1);
      expect(stderr).not.toContain("s3cret");
    }),
  );
});

test("a Kafka that already runs becomes neither secure nor open by another up, which says what to do", async () => {
  const up = (args: string[], environment: Record<string, string>) =>
    start("scripts/stack.ts", ["up", "kafka", ...args], environment).result;
  const ports = PORT_NAMES.map((name) => [portVariable(name), String(config.ports[name])]);
  const ofSecured = { LAB_STACK_DIR: config.folder!, ...Object.fromEntries(ports) };
  const open = await up(["--secure"], ENVIRONMENT);
  expect(open.stderr.trimEnd()).toBe(
    "kafka already runs, without --secure: npx tsx scripts/stack.ts down kafka, then the same command",
  );
  expect(open.code).toBe(1);
  const closed = await up([], ofSecured);
  expect(closed.stderr.trimEnd()).toMatch(/^kafka already runs, with --secure: .*source lab\.env/);
  expect(closed.code).toBe(1);
  expect((await up(["--secure"], ofSecured)).code).toBe(0);
});

test("only the user may read the passwords, even where others could read older settings", async () => {
  const { settings, secure } = secured.places;
  const broker = join(settings, "kafka/server.properties");
  await chmod(broker, 0o644);
  await prepareSettings(secured.places, config);
  for (const path of [broker, join(settings, "hadoop/ssl-server.xml"), secure]) {
    expect((await stat(path)).mode & 0o077, path).toBe(0);
  }
});

/** Gives a user of the secured Kafka some rights to a topic. */
async function allow(admin: KafkaAddress, user: string, topic: string, operations: number[]) {
  const acl = operations.map((operation) => ({
    ...{ resourceType: 2, resourceName: topic, resourcePatternType: 3 },
    ...{ principal: `User:${user}`, host: "*", operation, permissionType: 3 },
  }));
  await withAdmin(kafkaClient(admin), (kafka) => kafka.createAcls({ acl }));
}

test("a right that is missing is named, and nothing is lost when it is given", async () => {
  const admin = await securedKafka(secured.places, config, "admin");
  const reader = await securedKafka(secured.places, config, "reader");
  const lab = await securedKafka(secured.places, config, "lab");
  const topic = uniqueName("crypto_rights");
  const writer = await openKafkaLog({ ...lab, topic, partitions: 1 });
  await writer.append([{ key: "a", value: "one", timestampMs: 0 }]);
  const log = await openKafkaLog({ ...reader, topic, partitions: 1 });
  const message = { key: "a", value: "two", timestampMs: 0 };
  await expect(log.append([message])).rejects.toThrow(
    `the user reader may not write to the topic ${topic} on Kafka at localhost`,
  );
  await allow(admin, "reader", topic, [4]);
  await log.append([message]);
  const values: unknown[] = [];
  for await (const records of log.read(0, 0, 2)) values.push(...records.map(({ value }) => value));
  expect(values).toEqual(["one", "two"]);

  const hidden = uniqueName("hidden");
  await allow(admin, "lab", hidden, [5, 8, 4]); // create, describe, write, but not read
  const blind = await openKafkaLog({ ...lab, topic: hidden, partitions: 1 });
  await blind.append([message]);
  await expect(async () => {
    await blind.read(0, 0, 1)[Symbol.asyncIterator]().next();
  }).rejects.toThrow(
    `the user lab may not read the topic ${hidden} on Kafka at localhost:${config.ports.KAFKA_TLS_PORT}: ask for the right (kafka-acls --add --allow-principal 'User:lab' --operation Read --topic ${hidden})`,
  );
  for (const each of [writer, log, blind]) await each.close();
});
