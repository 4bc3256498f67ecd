import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import cliProgress from "cli-progress";
import { Command, InvalidArgumentError, Option } from "commander";
import { readConfig } from "../labs/config.js";
import { openFileLog } from "../labs/log/file.js";
import { TOPIC } from "../labs/log/log.js";
import { LOG, REPORT, lockOutput, prepareOutput } from "../labs/output.js";
import { runPipeline, type PipelineStatus } from "../labs/pipeline.js";
import { MOST_ASSETS_DRAWN, renderReport } from "../labs/report/report.js";
import { readLateness, readSeries } from "../labs/report/series.js";
import { formatNumber, formatSummary, summarize } from "../labs/report/summary.js";
import { market } from "../labs/source/market.js";
import { DEFAULT_TAPE, replay, tapeDigest } from "../labs/source/replay.js";
import type { Report, Source } from "../labs/source/source.js";
import { localStore } from "../labs/store/local.js";
import { readAll } from "../labs/store/products.js";
import type { Store } from "../labs/store/store.js";
import { openCheckpoint, type Settings } from "../labs/stream/checkpoint.js";
import { windowSpec } from "../labs/stream/window.js";
import { formatDuration, formatTime, parseDurationMs } from "../labs/time.js";
import { endWith, parseArguments } from "./command.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The part of plotly.js that draws lines and bars. */
const PLOTLY = fileURLToPath(import.meta.resolve("plotly.js/dist/plotly-basic.min.js"));
const PROGRESS_LINE_MS = 3_000;

interface Options {
  source: "replay" | "coingecko" | "websocket" | "market";
  tape?: string;
  assets?: string[];
  out?: string;
  partitions: number;
  batch: number;
  trigger: number;
  window: number;
  slide: number;
  watermark: number;
  changeThreshold: number;
  speed?: number;
  every: number;
  duration?: number;
  seed: number;
  events: number;
  fresh?: boolean;
  json?: boolean;
}

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError("Expected a duration: 500ms, 60s, 1m or 1h.");
  return ms;
}

function positiveDuration(text: string): number {
  const ms = duration(text);
  if (ms < 1 || !Number.isInteger(ms)) {
    throw new InvalidArgumentError("Expected at least 1ms, and whole milliseconds.");
  }
  return ms;
}

const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };

const numberFrom =
  (least: number, exclusive: boolean) =>
  (text: string): number => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value) || value < least || (exclusive && value === least)) {
      throw new InvalidArgumentError(`Expected a number ${exclusive ? "above" : "from"} ${least}.`);
    }
    return value;
  };

function names(text: string): string[] {
  const list = [...new Set(text.split(",").map((name) => name.trim()))];
  if (list.includes("")) throw new InvalidArgumentError("Expected names with commas between: a,b.");
  return list;
}

async function readOptions(argv: string[]): Promise<Options> {
  const program = new Command("run-pipeline")
    .description(
      "Runs the pipeline: source → event log → event-time windows → Parquet, then a summary and report.html.\n" +
        "The same command again continues where it stopped.",
    )
    .addOption(
      new Option("--source <name>", "where prices come from")
        .choices(["replay", "coingecko", "websocket", "market"])
        .default("replay"),
    )
    .option("--tape <file>", "replay: a .csv or .jsonl file, plain or .gz (default: a real tape)")
    .option("--assets <a,b>", "only these assets", names)
    .option("--out <dir>", "output folder (default: .lab/out)")
    .option("--partitions <n>", "partitions of the topic", wholeNumber(1, 1_000), 3)
    .option("--batch <n>", "events a micro-batch, over all partitions", wholeNumber(1), 1_000)
    .option("--trigger <time>", "live sources: a micro-batch this often", positiveDuration, 1_000)
    .option("--window <time>", "length of a window", positiveDuration, 60_000)
    .option("--slide <time>", "a window begins this often", positiveDuration, 10_000)
    .option("--watermark <time>", "how long to wait for late events", duration, 30_000)
    .option(
      "--change-threshold <percent>",
      "mark windows that change as much",
      numberFrom(0, false),
      0.5,
    )
    .option(
      "--speed <x>",
      "replay, market: at x times real time (default: as fast as it goes)",
      numberFrom(0, true),
    )
    .option("--every <time>", "coingecko: poll this often", positiveDuration, 10_000)
    .option("--duration <time>", "stop after this long", positiveDuration)
    .option("--seed <n>", "market: same seed, same events", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--events <n>", "market: how many", wholeNumber(1), 100_000)
    .option("--fresh", "start over: remove what earlier runs wrote to the output folder")
    .option("--json", "print the summary as one JSON object on stdout, and nothing else there")
    .helpOption("--help", "show this help")
    .addHelpText(
      "after",
      "\nDurations: 500ms, 60s, 1m, 1h. Defaults are shown in milliseconds.\nEnvironment: COINGECKO_API_KEY (demo key), COINGECKO_URL, COINBASE_URL.",
    )
    .allowExcessArguments(false)
    .action(() => {});
  await parseArguments(program, argv);
  const options = program.opts<Options>();
  windowSpec(options.window, options.slide);
  return options;
}

/** Which options only some sources heed. */
const ONLY_FOR: Record<string, Options["source"][]> = {
  tape: ["replay"],
  speed: ["replay", "market"],
  seed: ["market"],
  events: ["market"],
  every: ["coingecko"],
};

function noteIgnored(argv: string[], source: Options["source"], report: Report): void {
  for (const [name, sources] of Object.entries(ONLY_FOR)) {
    const given = argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    if (given && !sources.includes(source)) {
      report(`--${name} is for --source ${sources.join(" or ")}; ignored`);
    }
  }
}

/** The source, and those of its settings that decide what the products are. */
async function openSource(
  { source, tape = resolve(ROOT, DEFAULT_TAPE), assets, speed, seed, events, every }: Options,
  store: Store,
  report: Report,
): Promise<{ source: Source; settings: Settings }> {
  const { coingeckoUrl, coingeckoKey: key, coinbaseUrl } = readConfig();
  switch (source) {
    case "replay":
      return {
        source: replay({ tape, assets, speed }),
        settings: { tape: await tapeDigest(tape) },
      };
    case "market":
      return { source: market({ seed, events, assets, speed }), settings: { seed, events } };
    // Loaded only when used: the HTTP client would slow down the start of every other run.
    case "coingecko": {
      const { coingecko } = await import("../labs/source/coingecko.js");
      const known = () => readAll(store, "latest");
      const polling = { url: coingeckoUrl, key, assets, everyMs: every, known, report };
      return { source: coingecko(polling), settings: {} };
    }
    case "websocket": {
      const { websocket } = await import("../labs/source/websocket.js");
      return { source: websocket({ url: coinbaseUrl, assets, report }), settings: {} };
    }
  }
}

/** Shows how far a run is: a bar on a terminal, else a line every few seconds. Everything goes to stderr. */
function progressDisplay(source: Source, forMs: number | undefined) {
  const beginMs = performance.now();
  let beginEvents: number | undefined;
  const line = (status: PipelineStatus) => {
    const { events, rejected } = status.totals;
    beginEvents ??= 0;
    const rate = status.appended / ((performance.now() - beginMs) / 1_000);
    const watermark = Number.isFinite(status.watermarkMs) ? formatTime(status.watermarkMs) : "none";
    return `${formatNumber(events + rejected)} events · ${formatNumber(Math.round(rate))}/s · watermark ${watermark}`;
  };
  const fraction = () => {
    const elapsed = forMs === undefined ? 0 : (performance.now() - beginMs) / forMs;
    return Math.min(1, Math.max(elapsed, source.fractionRead() ?? 0));
  };
  if (!process.stderr.isTTY) {
    let nextMs = beginMs + PROGRESS_LINE_MS;
    return {
      update(status: PipelineStatus) {
        if (performance.now() < nextMs) return;
        nextMs = performance.now() + PROGRESS_LINE_MS;
        console.error(line(status));
      },
      notice: (text: string) => console.error(text),
      stop() {},
    };
  }
  const bounded = source.finite || forMs !== undefined;
  const bar = new cliProgress.SingleBar({
    format: bounded ? "{bar} {percentage} % · {line}" : "{line}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    fps: 8,
  });
  bar.start(100, 0, { line: `reading ${source.name} …` });
  return {
    update: (status: PipelineStatus) =>
      bar.update(Math.floor(fraction() * 100), { line: line(status) }),
    notice(text: string) {
      process.stderr.write(`\r\x1b[K${text}\n`);
    },
    stop: () => bar.stop(),
  };
}

async function main(argv: string[]): Promise<void> {
  const options = await readOptions(argv);
  const out = options.out === undefined ? resolve(ROOT, ".lab/out") : resolve(options.out);
  let display: ReturnType<typeof progressDisplay> | undefined;
  const report: Report = (notice) => (display ?? { notice: console.error }).notice(notice);

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      report("stopping after this batch (once more to stop at once)");
      stop.abort();
    });
  }

  const store = localStore(out);
  noteIgnored(argv, options.source, report);
  const { source, settings } = await openSource(options, store, report);
  const unlock = await lockOutput(out, report);
  try {
    await prepareOutput(store, options.fresh ?? false);
    const { partitions, batch, window, slide, watermark, changeThreshold } = options;
    const checkpoint = await openCheckpoint(store, TOPIC, {
      source: options.source,
      ...settings,
      assets: options.assets?.join(",") ?? "all",
      partitions,
      batch,
      window: formatDuration(window),
      slide: formatDuration(slide),
      watermark: formatDuration(watermark),
      "change-threshold": changeThreshold,
    });
    const log = await openFileLog(resolve(out, LOG), TOPIC, partitions, report);
    const beginMs = performance.now();
    const timer =
      options.duration === undefined ? undefined : setTimeout(() => stop.abort(), options.duration);
    display = progressDisplay(source, options.duration);
    const status = await runPipeline(
      { source, log, checkpoint, store },
      {
        windows: windowSpec(window, slide),
        delayMs: watermark,
        changeThreshold,
        batchSize: batch,
        triggerMs: options.trigger,
      },
      stop.signal,
      (now) => display!.update(now),
    ).finally(() => {
      clearTimeout(timer);
      display!.stop();
      display = undefined;
    });
    const summary = await summarize(status, store, source.counts, performance.now() - beginMs);
    const drawn = summary.assets.slice(0, MOST_ASSETS_DRAWN).map(({ asset }) => asset);
    const series = await readSeries(store, drawn, summary.events);
    const lateness = await readLateness(log);
    await log.close();
    const page = renderReport(
      summary,
      series,
      lateness,
      { windowMs: window, slideMs: slide, delayMs: watermark, changeThreshold, title: source.name },
      await readFile(PLOTLY, "utf8"),
    );
    await store.write(REPORT, page);
    if (options.json) {
      console.log(JSON.stringify(summary));
    } else {
      console.log(formatSummary(summary));
      console.log(`report: ${resolve(out, REPORT)}`);
    }
    if (source.finite && status.ended && status.batchesNow === 0) {
      report(
        `nothing left to do: ${source.name} was already read to its end (--fresh starts over)`,
      );
    } else if (!status.ended) {
      report("stopped; the same command continues from here");
    }
  } finally {
    await unlock();
  }
}

endWith(main(process.argv.slice(2)));
