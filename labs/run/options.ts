import { Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../shared/errors.js";
import {
  duration,
  durationOption,
  nameList,
  numberFrom,
  optionName,
  positiveDuration,
  wholeNumber,
  type OptionSpec,
} from "../shared/option.js";
import { FORMATS, type Format } from "../schema/formats.js";
import { SOURCES } from "../source/registry.js";
import type { Notify } from "../shared/notify.js";
import type { SourceCommand } from "../source/source.js";
import { windowSpec, type WindowSpec } from "../stream/window.js";

export interface Options {
  source: SourceCommand;
  /** The options of the sources, by name in camel case. */
  sourceOptions: Record<string, unknown>;
  assets?: string[];
  out?: string;
  partitions: number;
  batch: number;
  windows: WindowSpec;
  delayMs: number;
  changeThreshold: number;
  triggerMs: number;
  durationMs?: number;
  log: "file" | "kafka";
  format: Format;
  engine: "ts" | "spark";
  stack: boolean;
  follow: boolean;
  useExercises: boolean;
  alerts?: string;
  /** The port of the live page; true: the default port, or the next free one. */
  serve?: number | true;
  fresh: boolean;
  verify: boolean;
  /** Whether committed data must survive a power cut. */
  fsync: boolean;
  json: boolean;
}

/** The options as commander returns them. */
interface Parsed extends Omit<
  Options,
  "sourceOptions" | "windows" | "delayMs" | "triggerMs" | "durationMs"
> {
  window: number;
  slide: number;
  watermark: number;
  trigger: number;
  duration?: number;
}

/** The settings of a run that figures and pages show. */
export const viewSettings = ({ windows, delayMs, changeThreshold }: Options) => ({
  ...windows,
  delayMs,
  changeThreshold,
});

function sourceOf(text: string): SourceCommand {
  const found = SOURCES.find(({ name }) => name === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`Expected one of ${SOURCES.map(({ name }) => name).join(", ")}.`);
}

function notEmpty(text: string): string {
  if (text.trim() === "")
    throw new InvalidArgumentError("Expected a folder or a URL, found nothing.");
  return text;
}

const QUERY_OPTIONS: readonly OptionSpec[] = [
  { flags: "--assets <a,b>", help: "process only these assets", parse: nameList },
  {
    flags: "--out <dir>",
    help: "output: a folder, or hdfs://host:port/path (default: .lab/out)",
    parse: notEmpty,
  },
  {
    flags: "--partitions <n>",
    help: "number of partitions of the topic",
    parse: wholeNumber(1, 1_000),
    default: 3,
  },
  {
    flags: "--batch <n>",
    help: "maximum events per micro-batch, across all partitions",
    parse: wholeNumber(1),
    default: 1_000,
  },
  durationOption(
    "--trigger <time>",
    "live sources: run a micro-batch this often",
    positiveDuration,
    1_000,
  ),
  durationOption("--window <time>", "length of a window", positiveDuration, 60_000),
  durationOption("--slide <time>", "start a window this often", positiveDuration, 10_000),
  durationOption("--watermark <time>", "how long to wait for late events", duration, 30_000),
  {
    flags: "--change-threshold <percent>",
    help: "record windows that change by at least this percentage",
    parse: numberFrom(0, false),
    default: 0.5,
  },
];

/** The options of all sources, without duplicates, each with the names of the sources that take it. */
function sourceOptions(): { spec: OptionSpec; names: string[] }[] {
  const specs = new Set(SOURCES.flatMap(({ options }) => options));
  return [...specs].map((spec) => ({
    spec,
    names: SOURCES.filter(({ options }) => options.includes(spec)).map(({ name }) => name),
  }));
}

/** Converts an option to commander's. @param owners the sources that take it; empty if it does not belong to a source */
function toOption(spec: OptionSpec, owners: readonly string[] = []): Option {
  const { flags, help, parse, default: preset, shownDefault } = spec;
  const option = new Option(flags, owners.length === 0 ? help : `${owners.join(", ")}: ${help}`);
  if (parse !== undefined) option.argParser(parse);
  return preset === undefined ? option : option.default(preset, shownDefault);
}

export function pipelineCommand(): Command {
  const command = new Command("run-pipeline")
    .description(
      "Runs the pipeline: source → event log → event-time windows → Parquet, then a summary and report.html.\n" +
        "Run the same command again to continue where it stopped.",
    )
    .addOption(
      toOption({
        flags: "--source <name>",
        help: `where prices come from: ${SOURCES.map(({ name, help }) => `${name} (${help})`).join(", ")}`,
        parse: sourceOf,
        default: SOURCES[0],
        shownDefault: SOURCES[0]!.name,
      }),
    );
  for (const spec of QUERY_OPTIONS) command.addOption(toOption(spec));
  for (const { spec, names } of sourceOptions()) command.addOption(toOption(spec, names));
  return command
    .addOption(
      toOption({
        flags: "--duration <time>",
        help: "stop after this long",
        parse: positiveDuration,
      }),
    )
    .addOption(
      new Option(
        "--log <name>",
        "the event log: files, or a topic of Kafka (default: file)",
      ).choices(["file", "kafka"]),
    )
    .addOption(
      new Option(
        "--format <name>",
        "how events are written to the log: JSON, or with a schema of the schema registry, which must be running; with a registry all formats are read",
      )
        .choices(FORMATS)
        .default("json"),
    )
    .addOption(
      new Option(
        "--engine <name>",
        "the stream engine: our own (ts) or Spark (default: ts)",
      ).choices(["ts", "spark"]),
    )
    .option(
      "--stack",
      "use the real Kafka, Spark and HDFS (and the schema registry for --format), and start those that are not running",
    )
    .option("--follow", "keep running after the source ends, until Ctrl-C")
    .addOption(
      toOption({
        flags: "--serve [port]",
        help: "serve a live page on 127.0.0.1 while the pipeline runs; without a port: 8050 or the next free one",
        parse: wholeNumber(1, 65_535),
      }),
    )
    .option(
      "--alerts <file>",
      "raise alerts according to the rules in a JSON file (example: setup/alerts.example.json)",
    )
    .option("--use-exercises", "use your solved exercises in place of the lab's own functions")
    .option("--fresh", "start over: remove what earlier runs wrote to the output folder")
    .option(
      "--verify",
      "run nothing; only check that the products in --out are exactly what was committed",
    )
    .option("--no-fsync", "for benchmarks: do not sync to disk; a power cut may lose data")
    .option("--json", "print only the summary on stdout, as one JSON object")
    .helpOption("--help", "show this help")
    .addHelpText(
      "after",
      "\nDurations: 500ms, 60s, 1m, 1h." +
        "\nhdfs:///path is a path on the lab's own HDFS, or on the HDFS that HDFS_URL names." +
        "\nEnvironment: COINGECKO_API_KEY (demo key), COINGECKO_URL, COINBASE_URL. To use an existing cluster (the lab then starts" +
        "\nnothing), set KAFKA_BROKERS (host:port,…), HDFS_URL (hdfs://host:port, the NameNode), WEBHDFS_URL (http://host:port" +
        "\nor https://host:port, if WebHDFS is not at port 9870 of the NameNode), HADOOP_USER_NAME (its user on HDFS)," +
        "\nSPARK_REMOTE (sc://host:port, or sc://host:port/;token=…), SCHEMA_REGISTRY_URL" +
        "\n(https://user:password@host:port and the path of its API, such as /apis/ccompat/v7 of Apicurio)." +
        "\nA secured Kafka: KAFKA_SSL=true, KAFKA_CA_FILE (certificates in PEM), KAFKA_SASL_MECHANISM (PLAIN, SCRAM-SHA-256," +
        "\nSCRAM-SHA-512), KAFKA_USERNAME, KAFKA_PASSWORD.",
    )
    .allowExcessArguments(false)
    .action(() => {});
}

/** The options of a parsed command line. @throws UsageError if they conflict */
export function pipelineOptions(command: Command, notify: Notify): Options {
  const parsed = command.opts<Partial<Parsed> & Parsed>();
  const { window, slide, watermark: delayMs, trigger: triggerMs, duration: durationMs } = parsed;
  const { stack = false, follow = false, useExercises = false } = parsed;
  const { fresh = false, verify = false, json = false } = parsed;
  const windows = windowSpec(window, slide);
  const engine = parsed.engine ?? (stack ? "spark" : "ts");
  const log = parsed.log ?? (stack || engine === "spark" ? "kafka" : "file");
  if (engine === "spark" && log === "file") {
    throw new UsageError("--engine spark reads from Kafka: use --log kafka");
  }
  if (engine === "spark" && useExercises) {
    throw new UsageError("--use-exercises works only with our own engine: add --engine ts");
  }
  if (engine === "spark" && parsed.alerts !== undefined) {
    throw new UsageError("--alerts works only with our own engine: add --engine ts");
  }
  if (verify && fresh) {
    throw new UsageError(
      "--verify checks what earlier runs wrote, and --fresh removes it: use only one of them",
    );
  }
  const { source } = parsed;
  for (const { spec, names } of sourceOptions()) {
    const isGiven = command.getOptionValueSource(camelCase(optionName(spec))) === "cli";
    if (isGiven && !names.includes(source.name)) {
      notify(`ignoring --${optionName(spec)}: it applies only to --source ${names.join(" or ")}`);
    }
  }
  return {
    ...parsed,
    sourceOptions: { ...parsed },
    windows,
    delayMs,
    triggerMs,
    durationMs,
    stack,
    follow,
    useExercises,
    fresh,
    verify,
    json,
    engine,
    log,
  };
}

const camelCase = (name: string) =>
  name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
