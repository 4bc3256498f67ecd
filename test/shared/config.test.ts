import { expect, test } from "vitest";
import { readConfig } from "../../labs/shared/config.js";
import { UsageError } from "../../labs/shared/errors.js";

test("addresses of a cluster elsewhere are read with spaces and empty entries, and empty ones count as not set", () => {
  const brokers = (text: string) => readConfig({ KAFKA_BROKERS: text }).kafkaBrokers;
  expect(readConfig({}).kafkaBrokers).toBeUndefined();
  for (const text of ["", " ", ",", " , ,"]) expect(brokers(text), text).toBeUndefined();
  expect(brokers("one:9092")).toEqual(["one:9092"]);
  expect(brokers(" one:9092 ,, two.example.org:9093, ")).toEqual([
    "one:9092",
    "two.example.org:9093",
  ]);
  for (const name of ["HDFS_URL", "WEBHDFS_URL", "SPARK_REMOTE"] as const) {
    const key = { HDFS_URL: "hdfsUrl", WEBHDFS_URL: "webhdfsUrl", SPARK_REMOTE: "sparkRemote" }[
      name
    ] as "hdfsUrl";
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
