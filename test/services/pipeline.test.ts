import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Summary } from "../../labs/view/report/summary.js";
import { priceMessage } from "../../labs/event.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { localStore } from "../../labs/store/local.js";
import { readAll } from "../../labs/store/products.js";
import { formatTime } from "../../labs/shared/time.js";
import { PORT_NAMES, portVariable } from "../../labs/shared/config.js";
import { runPipelineCommand, start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { ENVIRONMENT, brokers, uniqueName } from "./environment.js";

const EVENTS = ["--source", "market", "--events", "3000", "--batch", "1000"];

test("--stack runs Spark on what is up already and shows its summary", async () => {
  const out = `hdfs:///${uniqueName("stack")}`;
  const args = [...EVENTS, "--stack", "--out", out, "--json"];
  const { code, stdout, stderr } = await runPipelineCommand(args, ENVIRONMENT);
  expect(code, stderr).toBe(0);
  const summary = JSON.parse(stdout) as Summary;
  expect(summary.events + summary.rejected).toBe(3_000);
  expect(summary).toMatchObject({ ended: true, lateEvents: null, batches: 4 });
  expect(summary.windows).toBeGreaterThan(0);
  const again = await runPipelineCommand(args, ENVIRONMENT);
  expect(again.stderr).toContain("nothing left to do");
  const ofThisRun = { newRecords: 0, elapsedMs: expect.any(Number) as number };
  expect(JSON.parse(again.stdout)).toEqual({ ...summary, ...ofThisRun });
});

test("--follow stays for what others append, and Ctrl-C says where it will continue", async () => {
  const out = await temporaryFolder();
  const args = [
    ...EVENTS,
    "--log",
    "kafka",
    "--follow",
    "--trigger",
    "200ms",
    "--out",
    out,
    "--partitions",
    "1",
  ];
  const { child, result } = start("scripts/run-pipeline.ts", args, ENVIRONMENT);
  let topic = "";
  await expect
    .poll(async () => (topic = await readFile(`${out}/checkpoint/topic`, "utf8").catch(() => "")), {
      timeout: 20_000,
    })
    .not.toBe("");
  await expect
    .poll(async () => (await readFile(`${out}/checkpoint/commits/2`).catch(() => "")).length, {
      timeout: 30_000,
    })
    .toBeGreaterThan(0);
  const log = await openKafkaLog({ brokers, topic, partitions: 1 });
  const timeMs = Date.UTC(2025, 0, 1, 12);
  await log.append([priceMessage("bitcoin", 123_456, formatTime(timeMs), timeMs)]);
  await log.close();
  await expect
    .poll(async () => (await readAll(localStore(out), "latest")).map((row) => row.price_usd), {
      timeout: 20_000,
    })
    .toContain(123_456);
  child.kill("SIGINT");
  const { code, stderr } = await result;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("the same command continues from here (partition:offset 0:3001)");
});

test("a service that is not running is one clear line", async () => {
  const nowhere: Record<string, string> = Object.fromEntries(
    PORT_NAMES.map((name) => [portVariable(name), "1"]),
  );
  const out = await temporaryFolder();
  for (const [args, message] of [
    [
      ["--log", "kafka", "--out", out],
      /Kafka does not answer at 127\.0\.0\.1:1 .*stack\.ts up kafka/,
    ],
    [["--out", "hdfs:///x"], /HDFS at http:\/\/127\.0\.0\.1:1 is not running: .*stack\.ts up hdfs/],
  ] as const) {
    const { code, stdout, stderr } = await runPipelineCommand(args, nowhere);
    expect(code, stderr).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  }
});
