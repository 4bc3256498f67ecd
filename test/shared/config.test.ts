import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { readConfig } from "../../labs/shared/config.js";
import { UsageError } from "../../labs/shared/errors.js";
import { temporaryFolder } from "../support/folder.js";

test("addresses of a cluster elsewhere are read with spaces and empty entries, and empty ones count as not set", () => {
  const brokers = (text: string) => readConfig({ KAFKA_BROKERS: text }).kafka?.brokers;
  expect(readConfig({}).kafka).toBeUndefined();
  for (const text of ["", " ", ",", " , ,"]) expect(brokers(text), text).toBeUndefined();
  expect(brokers("one:9092")).toEqual(["one:9092"]);
  expect(brokers(" one:9092 ,, two.example.org:9093, ")).toEqual([
    "one:9092",
    "two.example.org:9093",
  ]);
  for (const [name, key] of [
    ["HDFS_URL", "hdfsUrl"],
    ["WEBHDFS_URL", "webhdfsUrl"],
    ["HADOOP_USER_NAME", "hdfsUser"],
    ["SPARK_REMOTE", "sparkRemote"],
  ] as const) {
    expect(readConfig({ [name]: " " })[key]).toBeUndefined();
    expect(readConfig({ [name]: " hdfs://nn:1 " })[key]).toBe("hdfs://nn:1");
  }
});

test("an address that is none is refused by the name of its variable, without its secrets", () => {
  for (const text of [
    "one",
    "one:",
    "one:x",
    "kafka://one:9092",
    "[::1]:9092",
    "me:secret@one:1",
  ]) {
    const read = () => readConfig({ KAFKA_BROKERS: `fine:9092,${text}` });
    expect(read, text).toThrow(UsageError);
    expect(read, text).toThrow(
      /^KAFKA_BROKERS must be host:port,host:port; entry 2 is not host:port$/,
    );
  }
});

/** A file with two certificates and what does not belong to them, and the certificates. */
async function authorityFile(): Promise<{ caFile: string; text: string }> {
  const [one, other] = rootCertificates.map((each) => each.trim());
  const caFile = join(await temporaryFolder(), "ca.pem");
  const key = "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----";
  await writeFile(caFile, `# two authorities\n${one}\n${key}\n${other}\n`);
  return { caFile, text: `${one}\n${other}` };
}

const USER = {
  KAFKA_BROKERS: "one:9093",
  KAFKA_SASL_MECHANISM: "scram-sha-512",
  KAFKA_USERNAME: "lab",
  KAFKA_PASSWORD: " s3cret ",
};

test("a secured Kafka is read with its authorities, without the key that the file may also have, and its user", async () => {
  const { caFile, text } = await authorityFile();
  const found = readConfig({ ...USER, KAFKA_SSL: "TRUE", KAFKA_CA_FILE: caFile });
  expect(found.kafka).toEqual({
    brokers: ["one:9093"],
    tls: { authorities: text.trim() },
    login: { mechanism: "SCRAM-SHA-512", username: "lab", password: " s3cret " },
  });
  expect(readConfig({ ...USER, KAFKA_SSL: "false" }).kafka).not.toHaveProperty("tls");
  expect(readConfig({ KAFKA_BROKERS: "one:9093", KAFKA_SSL: "true" }).kafka?.tls).toEqual({});
});

test("variables of a secured Kafka that do not fit together are refused with what is missing, without the password", async () => {
  const { caFile } = await authorityFile();
  const cases: [Record<string, string>, RegExp][] = [
    [{ ...USER, KAFKA_USERNAME: "" }, /KAFKA_USERNAME is not set$/],
    [{ ...USER, KAFKA_PASSWORD: "" }, /KAFKA_PASSWORD is not set$/],
    [{ ...USER, KAFKA_SASL_MECHANISM: "" }, /KAFKA_SASL_MECHANISM must be one of PLAIN, /],
    [{ ...USER, KAFKA_SASL_MECHANISM: "OAUTHBEARER" }, /one of PLAIN, .*not OAUTHBEARER$/],
    [{ ...USER, KAFKA_SASL_MECHANISM: "PLAIN" }, /set KAFKA_SSL=true too$/],
    [{ ...USER, KAFKA_PASSWORD: "s3cret\n" }, /one line each$/],
    [{ ...USER, KAFKA_BROKERS: "" }, /set KAFKA_BROKERS=host:port too$/],
    [{ ...USER, KAFKA_CA_FILE: caFile }, /set KAFKA_SSL=true too$/],
    [{ ...USER, KAFKA_SSL: "yes" }, /KAFKA_SSL must be true or false, not yes$/],
    [
      { ...USER, KAFKA_SSL: "true", KAFKA_CA_FILE: "/nowhere.pem" },
      /\/nowhere\.pem: it does not exist$/,
    ],
    [{ ...USER, KAFKA_SSL: "true", KAFKA_CA_FILE: "package.json" }, /found no -----BEGIN CERT/],
  ];
  for (const [variables, message] of cases) {
    const read = () => readConfig(variables);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
    expect(read).not.toThrow("s3cret");
  }
});
