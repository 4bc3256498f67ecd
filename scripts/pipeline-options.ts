import { Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../labs/shared/errors.js";
import type { Report } from "../labs/source/source.js";
import { windowSpec } from "../labs/stream/window.js";
import { MAX_DURATION, formatDuration, parseDurationMs } from "../labs/shared/time.js";
import { parseArguments } from "./command.js";

export interface Options {
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
  log: "file" | "kafka";
  engine: "ts" | "spark";
  stack: boolean;
  follow: boolean;
  useExercises: boolean;
  /** The file of rules. */
  alerts?: string;
  /** The port of the live page; true: any that is free. */
  serve?: number | true;
  fresh: boolean;
  verify: boolean;
  /** Whether what is committed must outlive a power cut. */
  fsync: boolean;
  json: boolean;
}

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      `Expected a duration of at most ${MAX_DURATION} (100 years): 500ms, 60s, 1m or 1h.`,
    );
  }
  return ms;
}

function positiveDuration(text: string): number {
  const ms = duration(text);
  if (ms < 1 || !Number.isInteger(ms)) {
    throw new InvalidArgumentError("Expected at least 1ms, and whole milliseconds.");
  }
  return ms;
}

/** An option that takes a duration. Its default is shown as one would type it. */
const durationOption = (
  flags: string,
  description: string,
  parse: (text: string) => number,
  defaultMs: number,
) => new Option(flags, description).argParser(parse).default(defaultMs, formatDuration(defaultMs));

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

function notEmpty(text: string): string {
  if (text.trim() === "")
    throw new InvalidArgumentError("Expected a folder or a URL, not nothing.");
  return text;
}

function names(text: string): string[] {
  const list = [...new Set(text.split(",").map((name) => name.trim()))];
  if (list.includes("")) throw new InvalidArgumentError("Expected names with commas between: a,b.");
  return list;
}

/** @throws UsageError if an option is wrong */
export async function readOptions(argv: string[]): Promise<Options> {
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
    .option(
      "--out <dir>",
      "output: a folder, or hdfs://host:port/path (default: .lab/out)",
      notEmpty,
    )
    .option("--partitions <n>", "partitions of the topic", wholeNumber(1, 1_000), 3)
    .option("--batch <n>", "events a micro-batch, over all partitions", wholeNumber(1), 1_000)
    .addOption(
      durationOption(
        "--trigger <time>",
        "live sources: a micro-batch this often",
        positiveDuration,
        1_000,
      ),
    )
    .addOption(durationOption("--window <time>", "length of a window", positiveDuration, 60_000))
    .addOption(
      durationOption("--slide <time>", "a window begins this often", positiveDuration, 10_000),
    )
    .addOption(
      durationOption("--watermark <time>", "how long to wait for late events", duration, 30_000),
    )
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
    .addOption(
      durationOption("--every <time>", "coingecko: poll this often", positiveDuration, 10_000),
    )
    .option("--duration <time>", "stop after this long", positiveDuration)
    .option("--seed <n>", "market: same seed, same events", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--events <n>", "market: how many", wholeNumber(1), 100_000)
    .addOption(
      new Option(
        "--log <name>",
        "the event log: files, or a topic of Kafka (default: file)",
      ).choices(["file", "kafka"]),
    )
    .addOption(
      new Option(
        "--engine <name>",
        "what computes: our own engine, or Spark (default: ts)",
      ).choices(["ts", "spark"]),
    )
    .option("--stack", "all of the real: Kafka, Spark and HDFS, started where they are down")
    .option("--follow", "stay after a finite source has ended, until Ctrl-C")
    .option(
      "--serve [port]",
      "a live page on 127.0.0.1 while the pipeline runs, on this port, or without one on 8050 or the next free one",
      wholeNumber(1, 65_535),
    )
    .option(
      "--alerts <file>",
      "raise alerts by the rules of a JSON file (setup/alerts.example.json)",
    )
    .option("--use-exercises", "your solved exercises in place of the lab's own functions")
    .option("--fresh", "start over: remove what earlier runs wrote to the output folder")
    .option(
      "--verify",
      "run nothing: check that the products of --out are those that were committed",
    )
    .option("--no-fsync", "for benchmarks: do not wait for the disk, so a power cut may cost data")
    .option("--json", "print the summary as one JSON object on stdout, and nothing else there")
    .helpOption("--help", "show this help")
    .addHelpText(
      "after",
      "\nDurations: 500ms, 60s, 1m, 1h." +
        "\nhdfs:///path is a path on the lab's own HDFS, or on the one of HDFS_URL." +
        "\nEnvironment: COINGECKO_API_KEY (demo key), COINGECKO_URL, COINBASE_URL. A cluster elsewhere, of which nothing is" +
        "\nstarted here: KAFKA_BROKERS (host:port,…), HDFS_URL (hdfs://host:port, the NameNode), WEBHDFS_URL (http://host:port," +
        "\nwhere WebHDFS is not at port 9870 of the NameNode), SPARK_REMOTE (sc://host:port).",
    )
    .allowExcessArguments(false)
    .action(() => {});
  await parseArguments(program, argv);
  const options = program.opts<Partial<Options> & Pick<Options, "window" | "slide">>();
  windowSpec(options.window, options.slide);
  const {
    stack = false,
    follow = false,
    useExercises = false,
    fresh = false,
    verify = false,
    json = false,
  } = options;
  const engine = options.engine ?? (stack ? "spark" : "ts");
  const log = options.log ?? (stack || engine === "spark" ? "kafka" : "file");
  if (engine === "spark" && log === "file") {
    throw new UsageError("--engine spark reads from Kafka: use --log kafka");
  }
  if (engine === "spark" && useExercises) {
    throw new UsageError("--use-exercises puts your code into our own engine: add --engine ts");
  }
  if (engine === "spark" && options.alerts !== undefined) {
    throw new UsageError("--alerts are raised by our own engine: add --engine ts");
  }
  if (verify && fresh) {
    throw new UsageError(
      "--verify checks what earlier runs wrote and --fresh removes it: give one of them",
    );
  }
  return { ...options, stack, follow, useExercises, fresh, verify, json, engine, log } as Options;
}

/** Which options only some sources heed. */
const ONLY_FOR: Record<string, Options["source"][]> = {
  tape: ["replay"],
  speed: ["replay", "market"],
  seed: ["market"],
  events: ["market"],
  every: ["coingecko"],
};

/** Says which of the given options the source does not heed. */
export function noteIgnored(argv: string[], source: Options["source"], report: Report): void {
  for (const [name, sources] of Object.entries(ONLY_FOR)) {
    const given = argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    if (given && !sources.includes(source)) {
      report(`--${name} is for --source ${sources.join(" or ")}; ignored`);
    }
  }
}
