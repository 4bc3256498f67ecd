import "../setup/ready.cjs"; // before all else: the version of Node
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { Command, Option } from "commander";
import { medianTree } from "../labs/alert/median.js";
import { parseAlertRules } from "../labs/alert/rules.js";
import { readConfig } from "../labs/shared/config.js";
import { parseEvent, type PriceEvent } from "../labs/event.js";
import { openFileLog } from "../labs/log/file.js";
import { TOPIC } from "../labs/log/log.js";
import { sum } from "../labs/run/pipeline.js";
import { openPriceQuery, priceOperators } from "../labs/run/price-query.js";
import { chunks } from "../labs/source/chunks.js";
import { market } from "../labs/source/market.js";
import { localStore } from "../labs/store/local.js";
import { emptyOutput } from "../labs/store/products.js";
import { takeChanges } from "../labs/stream/changes.js";
import { openCheckpoint } from "../labs/stream/checkpoint.js";
import { addEvent, openState } from "../labs/stream/state.js";
import { nextWatermark } from "../labs/stream/watermark.js";
import { endWith, parseArguments } from "./command.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PIPELINE = join(ROOT, "scripts/run-pipeline.ts");
const RULES = join(ROOT, "setup/alerts.example.json");
const BATCH = 50_000;
const QUERY = {
  windows: { windowMs: 60_000, slideMs: 10_000 },
  ...{ delayMs: 30_000, changeThreshold: 0.5, batchSize: BATCH },
};
const PARTITIONS = 3;
const ROUNDS = 5;

const say = (text: string) => console.error(text);

/** Runs works in turn, several rounds, so that a noisy moment hits all of them; gives the median of each, ms. */
async function compare(...works: (() => unknown)[]): Promise<number[]> {
  const times = works.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, work] of works.entries()) {
      const began = performance.now();
      await work();
      times[index]!.push(performance.now() - began);
    }
  }
  return times.map((each) => each.sort((a, b) => a - b)[Math.floor(each.length / 2)]!);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  return work(folder).finally(() => rm(folder, { recursive: true, force: true }));
}

/** Log bytes → parsed, validated, windowed, checkpointed; the sink throws the rows away. */
async function streamLog(folder: string, alerts = false): Promise<void> {
  await inFolder(async (checkpointFolder) => {
    const log = await openFileLog(folder, TOPIC, PARTITIONS);
    const checkpoint = await openCheckpoint(localStore(checkpointFolder), TOPIC, {});
    const query = await openPriceQuery(log, checkpoint, () => Promise.resolve(), {
      ...QUERY,
      alertRules: alerts ? parseAlertRules(await readFile(RULES, "utf8"), RULES).rules : undefined,
    });
    const total = sum(await log.endOffsets());
    while (sum(query.offsets) < total) await query.runBatch();
    await query.runBatchWithoutData();
    await log.close();
  });
}

/** The engine alone: events in memory → windows. */
function streamEvents(events: readonly PriceEvent[]): number {
  const { operators } = priceOperators(QUERY);
  const state = openState(operators, [], null);
  const record = { offset: 0, timestampMs: 0, key: "", value: "" };
  let watermarkMs: number | null = null;
  let maxEventTimeMs = -Infinity;
  let rows = 0;
  for (let start = 0; start < events.length; start += BATCH) {
    const end = Math.min(events.length, start + BATCH);
    for (let offset = start; offset < end; offset++) {
      const event = events[offset]!;
      if (event.eventTimeMs > maxEventTimeMs) maxEventTimeMs = event.eventTimeMs;
      record.offset = offset;
      addEvent(state, event, record, 0);
    }
    const output = emptyOutput(start / BATCH);
    for (const operator of operators) operator.endBatch({ watermarkMs }, output);
    rows += output.windows.length;
    takeChanges(state);
    watermarkMs = nextWatermark(watermarkMs, maxEventTimeMs, QUERY.delayMs);
  }
  return rows;
}

/** Runs the pipeline in a process of its own. @returns wall time, ms, and peak resident memory, MB */
async function runPipelineProcess(args: string[]): Promise<{ wallMs: number; peakMb: number }> {
  return inFolder(async (out) => {
    const began = performance.now();
    const child = spawn(process.execPath, ["--import", "tsx", PIPELINE, ...args, "--out", out], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "inherit"],
    });
    let peakKb = 0;
    // eslint-disable-next-line no-restricted-globals -- a constant, far below what a timer holds
    const timer = setInterval(() => {
      readFile(`/proc/${child.pid}/status`, "utf8").then(
        (status) => (peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))),
        () => {}, // it has just ended
      );
    }, 50);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(timer);
    if (code !== 0) throw new Error(`the pipeline ended with exit code ${String(code)}`);
    return { wallMs: performance.now() - began, peakMb: peakKb / 1_024 };
  });
}

/**
 * The bytes of the values in the log, one a line. Outside the JavaScript heap, so that what is timed is
 * not the garbage collector's walk through the benchmark's own data.
 */
async function valueBytes(folder: string): Promise<Buffer> {
  const lines: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const text = await readFile(join(folder, `${TOPIC}-${partition}.log`), "utf8");
    for (const line of text.split("\n")) {
      if (line !== "") lines.push(line.slice(line.lastIndexOf("\t") + 1));
    }
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

function parseValues(bytes: Buffer): number {
  let checksum = 0;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    try {
      checksum += (JSON.parse(bytes.toString("latin1", start, end)) as PriceEvent).asset.length;
    } catch {
      checksum++; // the market breaks some messages on purpose
    }
    start = end + 1;
  }
  return checksum;
}

async function benchSpeed(events: number): Promise<string[][]> {
  say(`making ${events.toLocaleString("en-US")} market events of 100 assets …`);
  return inFolder(async (folder) => {
    const log = await openFileLog(folder, TOPIC, PARTITIONS);
    const source = market({ seed: 1, events, assets: 100, eventsPerSecond: 1_000 });
    const messages = source.messages(new AbortController().signal);
    const priceEvents: PriceEvent[] = [];
    for await (const chunk of chunks(messages, () => BATCH, 60_000)) {
      await log.append(chunk);
      for (const { value, timestampMs } of chunk) {
        const event = parseEvent(value, timestampMs);
        if (typeof event !== "string") priceEvents.push(event);
      }
    }
    await log.close();
    const bytes = await valueBytes(folder);

    say(`timing, ${ROUNDS} rounds …`);
    const [parseMs, streamMs, alertsMs] = await compare(
      () => parseValues(bytes),
      () => streamLog(folder),
      () => streamLog(folder, true),
    );
    const [engineMs] = await compare(() => streamEvents(priceEvents));
    const microseconds = (ms: number) => `${((ms * 1_000) / events).toFixed(2)} µs an event`;
    return [
      ["bare JSON.parse of the same bytes", microseconds(parseMs!), "1"],
      ["log bytes → closed windows", microseconds(streamMs!), (streamMs! / parseMs!).toFixed(2)],
      [
        "the same with the rules of setup/alerts.example.json",
        microseconds(alertsMs!),
        (alertsMs! / parseMs!).toFixed(2),
      ],
      [
        "engine alone, 100 assets, 1 min / 10 s",
        `${(priceEvents.length / engineMs! / 1_000).toFixed(2)} M events/s`,
        (engineMs! / parseMs!).toFixed(2),
      ],
    ];
  });
}

/** Median and MAD of a sliding window, by the tree and by sorting anew. */
async function benchMedian(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const window of [60, 600, 6_000]) {
    say(`median and MAD over ${window} values …`);
    const steps = 600_000 / window;
    const values = Array.from({ length: window + steps }, (_, index) => Math.sin(index * 12.9898));
    const tree = medianTree();
    for (const value of values.slice(0, window)) tree.add(value);
    let at = window;
    const [treeMs, sortMs] = await compare(
      () => {
        for (let step = 0; step < steps; step++) {
          tree.remove(values[(at - window) % values.length]!);
          tree.add(values[at++ % values.length]!);
          tree.medianAbsoluteDeviation();
        }
      },
      () => {
        for (let step = 0; step < steps; step++) {
          const sorted = Float64Array.from(values.slice(step, step + window)).sort();
          const center = (sorted[window / 2 - 1]! + sorted[window / 2]!) / 2;
          sorted.map((value) => Math.abs(value - center)).sort();
        }
      },
    );
    rows.push([
      `median and MAD of the last ${window.toLocaleString("en-US")}: tree`,
      `${((treeMs! * 1_000) / steps).toFixed(1)} µs a step`,
      `sorting ${(sortMs! / treeMs!).toFixed(1)}`,
    ]);
  }
  return rows;
}

async function benchRuns(sizes: number[]): Promise<string[][]> {
  const rows: string[][] = [];
  say("the default run …");
  const runs = [];
  for (let round = 0; round < 3; round++) runs.push(await runPipelineProcess([]));
  const { wallMs, peakMb } = runs.sort((a, b) => a.wallMs - b.wallMs)[1]!;
  rows.push(["default run", `${(wallMs / 1_000).toFixed(2)} s, ${peakMb.toFixed(0)} MB peak`, ""]);
  let firstPeakMb: number | undefined;
  for (const events of sizes) {
    say(`the pipeline on ${events.toLocaleString("en-US")} market events …`);
    const run = await runPipelineProcess([
      ...["--source", "market", "--events", String(events), "--batch", String(BATCH)],
    ]);
    firstPeakMb ??= run.peakMb;
    rows.push([
      `whole pipeline, ${events / 1e6} M market events`,
      `${(run.wallMs / 1_000).toFixed(1)} s, ${run.peakMb.toFixed(0)} MB peak`,
      `memory ${(run.peakMb / firstPeakMb).toFixed(2)}`,
    ]);
  }
  return rows;
}

interface Options {
  events: number;
  sizes: string;
  quick?: boolean;
  stack?: boolean;
  consume?: string;
  products: string;
}

async function main(argv: string[]): Promise<void> {
  const program = new Command("bench")
    .description(
      "Measures the lab on this machine: figures, and ratios to a baseline of the same run.",
    )
    .option("--events <n>", "events for the timings in memory", Number, 500_000)
    .option(
      "--sizes <n,n>",
      "events of the whole runs whose memory is compared",
      "1000000,10000000",
    )
    .option("--quick", "skip the whole runs")
    .option("--stack", "measure the real Kafka, HDFS and Spark instead (restarts them)")
    .addOption(new Option("--consume <topic>", "what --stack starts itself").hideHelp())
    .addOption(new Option("--products <which>").default("windows").hideHelp())
    .action(() => {});
  await parseArguments(program, argv);
  const {
    events,
    sizes,
    quick = false,
    stack = false,
    consume,
    products,
  } = program.opts<Options>();
  if (consume !== undefined) {
    return (await import("./bench-stack.js")).consume(readConfig(), consume, products);
  }
  const rows = stack
    ? await (await import("./bench-stack.js")).benchStack(ROOT, readConfig())
    : [...(await benchSpeed(events)), ...(await benchMedian())];
  if (!stack && !quick) rows.push(...(await benchRuns(sizes.split(",").map(Number))));
  const table = new Table({ head: ["what", "figure", "ratio"], style: { head: [], border: [] } });
  table.push(...rows);
  console.log(table.toString());
}

endWith(main(process.argv.slice(2)));
