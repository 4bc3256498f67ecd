import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import kafkajs from "kafkajs";
import { describeKafka, kafkaClient, withAdmin } from "../log/kafka/client.js";
import { createTopic } from "../log/kafka/topics.js";
import { TOPIC } from "../log/log.js";
import type { StackConfig } from "../shared/config.js";
import { LabError, errorMessage } from "../shared/errors.js";
import { isThere, makeFolders } from "../shared/files.js";
import type { KafkaAddress } from "../shared/kafka-address.js";
import { makeAuthority } from "./certificates.js";
import { JAVA_ENVIRONMENT, asProperties } from "./java.js";
import type { Places } from "./places.js";
import { run } from "./process.js";

// What `stack.ts up --secure` adds to the stack: an authority and certificates, users with passwords, and their rights.

/** The users of the secured Kafka: `lab` may do what the pipeline does, `reader` may only read. */
const USERS = ["admin", "lab", "reader"] as const;
type User = (typeof USERS)[number];
/** Topics whose names begin with this belong to the lab. */
const LAB_TOPICS = "crypto_";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const RIGHTS = {
  lab: [
    AclOperationTypes.CREATE,
    AclOperationTypes.DELETE,
    AclOperationTypes.DESCRIBE,
    AclOperationTypes.READ,
    AclOperationTypes.WRITE,
  ],
  reader: [AclOperationTypes.DESCRIBE, AclOperationTypes.READ],
};

type Passwords = Record<User | "keystore", string>;

const PASSWORDS = "passwords.json";
const caFile = ({ secure }: Places) => join(secure, "ca.pem");

const readPasswords = async ({ secure }: Places) =>
  JSON.parse(await readFile(join(secure, PASSWORDS), "utf8")) as Passwords;

/** Makes the certificates and passwords, unless they exist: all of them, or if the command is interrupted, none. */
async function makeSecrets({ secure, installed }: Places): Promise<void> {
  if (await isThere(secure)) return;
  await makeFolders(dirname(secure));
  const folder = await mkdtemp(`${secure}-`); // only the user can read it
  const names = [...USERS, "keystore"] as const;
  const made = names.map((name) => [name, randomBytes(18).toString("base64url")] as const);
  const passwords = Object.fromEntries(made) as Passwords;
  await writeFile(join(folder, PASSWORDS), JSON.stringify(passwords), { mode: 0o600 });
  const authority = await makeAuthority(join(installed, "java"), folder, passwords.keystore);
  await authority.sign("server", { names: "ip:127.0.0.1,dns:localhost" });
  await rename(folder, secure).catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    if (!(await isThere(secure))) throw error; // otherwise another command was faster
  });
}

/** Makes the certificates and passwords unless they exist. @returns the values of the placeholders in the settings */
export async function prepareSecurity(
  places: Places,
  { ports }: StackConfig,
): Promise<Record<string, string>> {
  await makeSecrets(places);
  const passwords = await readPasswords(places);
  await writeFile(
    variablesFile(places, "hdfs"),
    exportsOf({
      HDFS_URL: `hdfs://127.0.0.1:${ports.NAMENODE_PORT}`,
      WEBHDFS_URL: `https://localhost:${ports.NAMENODE_HTTPS_PORT}`,
      NODE_EXTRA_CA_CERTS: caFile(places),
    }),
  );
  return {
    SECURE: places.secure,
    KEYSTORE_PASSWORD: passwords.keystore,
    ADMIN_PASSWORD: passwords.admin,
    LAB_PASSWORD: passwords.lab,
    READER_PASSWORD: passwords.reader,
  };
}

/** The secured Kafka, for one of its users. */
export async function securedKafka(
  places: Places,
  { ports }: StackConfig,
  user: User,
): Promise<KafkaAddress> {
  const passwords = await readPasswords(places);
  const authorities = await readFile(caFile(places), "utf8");
  const mechanism = user === "admin" ? "PLAIN" : "SCRAM-SHA-512";
  return {
    brokers: [`localhost:${ports.KAFKA_TLS_PORT}`],
    tls: { authorities },
    login: { mechanism, username: user, password: passwords[user] },
  };
}

/**
 * Adds the users, their rights and the lab's topic to a secured Kafka that runs, and writes a file with the variables of each user.
 *
 * @param partitions of the lab's topic
 */
export async function addUsers(
  places: Places,
  config: StackConfig,
  partitions: number,
): Promise<void> {
  const admin = await securedKafka(places, config, "admin");
  for (const user of ["lab", "reader"] as const) {
    const address = await securedKafka(places, config, user);
    const isKnown = await describeKafka(address).then(
      () => true,
      () => false,
    );
    if (!isKnown) await addScramUser(places, admin, address);
    await writeVariables(places, address);
  }
  await withAdmin(kafkaClient(admin), async (kafka) => {
    const acl = Object.entries(RIGHTS).flatMap(([user, operations]) =>
      operations.map((operation) => ({
        resourceType: AclResourceTypes.TOPIC,
        resourceName: LAB_TOPICS,
        resourcePatternType: ResourcePatternTypes.PREFIXED,
        principal: `User:${user}`,
        host: "*",
        operation,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    );
    await kafka.createAcls({ acl });
  });
  await createTopic(admin, TOPIC, partitions);
}

/** kafkajs cannot add SCRAM users, so Kafka's own tool does. It reads passwords from files, because the list of processes shows arguments. */
async function addScramUser(
  places: Places,
  admin: KafkaAddress,
  user: KafkaAddress,
): Promise<void> {
  const [connection, credentials] = ["connection.properties", "credentials.properties"].map(
    (name) => join(places.secure, name),
  ) as [string, string];
  const write = (path: string, settings: Record<string, string>) => {
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    return writeFile(path, asProperties(lines.join("")), { mode: 0o600 });
  };
  const { username, password } = user.login!;
  try {
    await write(connection, {
      "security.protocol": "SASL_SSL",
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": caFile(places),
      "sasl.mechanism": "PLAIN",
      "sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${admin.login!.password}";`,
    });
    await write(credentials, { "SCRAM-SHA-512": `password=${password}` });
    const args = [
      ...["-cp", join(places.installed, "kafka/jars/*"), "kafka.admin.ConfigCommand"],
      ...["--bootstrap-server", admin.brokers.join(","), "--command-config", connection],
      ...["--alter", "--add-config-file", credentials],
      ...["--entity-type", "users", "--entity-name", username],
    ];
    await run(join(places.installed, "java/bin/java"), args, { environment: JAVA_ENVIRONMENT });
  } catch (error) {
    const words = errorMessage(error).replaceAll(password, "***"); // the tool quotes what it does not accept
    throw new LabError(`cannot add the user ${username} to Kafka: ${words}`);
  } finally {
    for (const path of [connection, credentials]) await rm(path, { force: true });
  }
}

/** The file with the variables of a user of Kafka, or of HDFS over HTTPS, to be read by a shell. */
export const variablesFile = (places: Places, name: User | "hdfs") =>
  join(places.secure, `${name}.env`);

/** Text as a shell takes it for one word. */
export const quoted = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const exportsOf = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join("");

async function writeVariables(places: Places, { brokers, login }: KafkaAddress): Promise<void> {
  const { mechanism, username, password } = login!;
  const variables = {
    KAFKA_BROKERS: brokers.join(","),
    KAFKA_SSL: "true",
    KAFKA_CA_FILE: caFile(places),
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
  };
  const file = variablesFile(places, username as User);
  await writeFile(file, exportsOf(variables), { mode: 0o600 });
}
