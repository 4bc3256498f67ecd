import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Summary } from "../../labs/view/report/summary.js";
import { checkout } from "../support/checkout.js";
import { start } from "../support/command.js";
import { brokers, hdfs, remote, uniqueName } from "./environment.js";
import { products } from "./products.js";

// Somebody else's cluster: the tests' stack, on ports that are not the usual ones, used from another checkout in which
// nothing is installed and no port is known.

const HDFS_URL = `hdfs://127.0.0.1:${hdfs.rpcPort}`;
const CLUSTER = {
  KAFKA_BROKERS: ` ${brokers.join(",")} , `,
  HDFS_URL: `${HDFS_URL}/`,
  WEBHDFS_URL: `http://localhost:${hdfs.httpPort}/`,
  SPARK_REMOTE: remote,
};
const EVENTS = ["--source", "market", "--events", "3000", "--batch", "1000"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lab-"));
  await checkout(folder);
  return () => rm(folder, { recursive: true });
});

const run = (args: string[], environment: Record<string, string>) =>
  start("scripts/run-pipeline.ts", args, environment, folder).result;

test("variables point both engines at a cluster on other ports, and nothing is started, installed or needed here", async () => {
  const name = uniqueName("elsewhere");
  for (const engine of ["ts", "spark"]) {
    const out = `hdfs:///${name}/${engine}`;
    const args = [...EVENTS, "--stack", "--engine", engine, "--out", out];
    const { code, stdout, stderr } = await run([...args, "--json"], CLUSTER);
    expect(code, stderr).toBe(0);
    const summary = JSON.parse(stdout) as Summary;
    expect(summary.events + summary.rejected).toBe(3_000);
    expect(stderr).not.toMatch(/answers|Java/);
    // The same place under its other names, and it is called by its right one.
    const again = await run(
      [...args.slice(0, -1), `hdfs://localhost:${hdfs.rpcPort}/${name}/${engine}/`],
      CLUSTER,
    );
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain("nothing left to do");
    expect(again.stdout).toContain(`products: ${HDFS_URL}/${name}/${engine}\n`);
  }
  const ours = await products(`/${name}/ts`);
  expect(ours["windows"]!.length).toBeGreaterThan(0);
  expect(await products(`/${name}/spark`)).toEqual(ours);
  expect(await readdir(join(folder, ".lab"))).toEqual(["runs"]);
});

test("a cluster that cannot be reached is told by the name of its variable, and the lab's own is not started instead", async () => {
  const nobody = "127.0.0.1:1";
  const stack = [...EVENTS, "--stack", "--engine", "ts"];
  for (const [args, environment, message] of [
    [
      stack,
      { HDFS_URL: "hdfs://127.0.0.2:1", WEBHDFS_URL: "" },
      /HDFS at http:\/\/127\.0\.0\.2:9870 .*HDFS_URL.*WEBHDFS_URL/,
    ],
    [stack, { WEBHDFS_URL: `http://${nobody}` }, /HDFS at http:\/\/127\.0\.0\.1:1 .*WEBHDFS_URL/],
    // The port that programs use answers HTTP too, but it is not WebHDFS.
    [stack, { WEBHDFS_URL: `http://127.0.0.1:${hdfs.rpcPort}` }, /not .*WebHDFS.*WEBHDFS_URL/],
    [stack, { KAFKA_BROKERS: nobody }, /Kafka does not answer at 127\.0\.0\.1:1 .*KAFKA_BROKERS/],
    [[...EVENTS, "--stack"], { SPARK_REMOTE: `sc://${nobody}` }, /Spark .*SPARK_REMOTE/],
    [
      [...stack, "--out", "webhdfs://127.0.0.1:1/x"],
      {},
      /webhdfs:\/\/127\.0\.0\.1:1\/x is a WebHDFS address: .*WEBHDFS_URL/,
    ],
  ] as [string[], Record<string, string>, RegExp][]) {
    const out = ["--out", `hdfs:///${uniqueName("nowhere")}`];
    const { code, stderr } = await run(args.includes("--out") ? args : [...args, ...out], {
      ...CLUSTER,
      ...environment,
    });
    expect(code, stderr).toBeGreaterThan(0);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/(is|are) not installed| {4}at /);
  }
  for (const file of [".lab/stack", ".lab/test-stack"]) {
    await expect(access(join(folder, file)), file).rejects.toThrow();
  }
});
