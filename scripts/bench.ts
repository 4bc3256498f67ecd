import "../setup/ready.cjs"; // before all else: the version of Node
import Table from "cli-table3";
import { Argument, Command } from "commander";
import { readConfig } from "../labs/shared/config.js";
import { wholeNumber } from "../labs/shared/option.js";
import type { Bench, Row } from "../test/bench/benchmark.js";
import { openMarketLog, type MarketLog } from "../test/bench/market-log.js";
import { ON_STACK, QUICK, SLOW, TIMINGS } from "../test/bench/registry.js";
import { openBenchStack, type BenchStack } from "../test/bench/stack.js";
import { measureInTurn } from "../test/bench/timing.js";
import { ROOT, endWith, parseArguments } from "./command.js";

const HERE = [...TIMINGS, ...QUICK, ...SLOW];
const ALL = [...HERE, ...ON_STACK];

interface Options {
  events: number;
  sizes: number[];
  stack?: boolean;
}

const list = (benchmarks: readonly { name: string; help: string }[]) =>
  benchmarks.map(({ name, help }) => `  ${name.padEnd(8)} ${help}`).join("\n");

/** The names of the benchmarks to run, selected by name or by option. */
function select(names: readonly string[], { stack }: Options): ReadonlySet<string> {
  if (names.length > 0) return new Set(names);
  const benchmarks = stack ? ON_STACK : HERE;
  return new Set(benchmarks.map(({ name }) => name));
}

async function main(argv: string[]): Promise<void> {
  const program = new Command("bench")
    .description(
      "Benchmarks the lab on this machine. Prints each result and its ratio to a baseline from the same run.",
    )
    .addArgument(
      new Argument(
        "[benchmark...]",
        "what to run; by default every benchmark that needs no stack",
      ).choices(ALL.map(({ name }) => name)),
    )
    .option("--events <n>", "number of events for the timings in memory", wholeNumber(1), 500_000)
    .option(
      "--sizes <n,n>",
      "event counts of the runs whose memory is compared",
      (text: string) => text.split(",").map(wholeNumber(1)),
      [1_000_000, 10_000_000],
    )
    .option("--stack", "run the benchmarks of the real Kafka, HDFS and Spark (restarts them)")
    .addHelpText(
      "after",
      `\nBenchmarks:\n${list(HERE)}\n\nOn the real systems, which are started if they are not running:\n${list(ON_STACK)}`,
    )
    .action(() => {});
  await parseArguments(program, argv);
  const options = program.opts<Options>();
  const { events, sizes } = options;
  const selected = select(program.args, options);
  const isSelected = ({ name }: { name: string }) => selected.has(name);

  let log: Promise<MarketLog> | undefined;
  let stack: BenchStack | undefined;
  const bench: Bench = {
    root: ROOT,
    events,
    sizes,
    marketLog: () => (log ??= openMarketLog(events)),
    stack: () => (stack ??= openBenchStack(ROOT, readConfig().stack)),
  };
  const rows: Row[] = [];
  try {
    rows.push(...(await measureInTurn(TIMINGS.filter(isSelected), bench)));
    for (const { measure } of [...QUICK, ...SLOW, ...ON_STACK].filter(isSelected)) {
      rows.push(...(await measure(bench)));
    }
  } finally {
    await (await log)?.remove();
    await stack?.remove();
    printTable(rows); // after an error, too: the results before it took minutes
  }
}

function printTable(rows: readonly Row[]): void {
  if (rows.length === 0) return;
  const table = new Table({
    head: ["what", "result", "ratio", "aim", "where the time goes"],
    style: { head: [], border: [] },
  });
  for (const { what, value, ratio = "", aim = "", where = "" } of rows) {
    table.push([what, value, ratio, aim, where]);
  }
  console.log(table.toString());
}

endWith(main(process.argv.slice(2)));
