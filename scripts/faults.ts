import "../setup/ready.cjs"; // before all else: the version of Node
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { numberFrom, wholeNumber } from "../labs/shared/option.js";
import { formatTable, runCampaign } from "../test/faults/campaign.js";
import type { Services } from "../test/faults/stage.js";
import { THEMES, type Theme } from "../test/faults/round.js";
import { endWith, parseArguments } from "./command.js";

const FOLDER = resolve(".lab/faults");
const DEFAULT_MINUTES = 1;
const MAX_SEED = 2 ** 31;

interface Options {
  seed: number;
  minutes?: number;
  kills?: number;
  round?: number;
  only?: Theme[];
  engine?: "ts" | "spark";
  jobs?: number;
  services: boolean;
}

async function main(argv: string[]): Promise<void> {
  const program = new Command("test:faults")
    .description(
      "Runs the pipeline repeatedly with random faults and compares its products with those of an undisturbed run.\n" +
        "The seed determines the rounds; the exact moment of a fault depends on the machine.",
    )
    .option("--seed <n>", "the same seed gives the same rounds", wholeNumber(0, MAX_SEED), 1)
    .option(
      "--minutes <n>",
      `start no more rounds after this many minutes (default: ${DEFAULT_MINUTES})`,
      numberFrom(0, true),
    )
    .option("--kills <n>", "start no more rounds after this many kills", wholeNumber(1))
    .option("--round <n>", "run only this round", wholeNumber(0))
    .addOption(
      new Option("--only <theme...>", "run only rounds of these themes").choices([...THEMES]),
    )
    .addOption(
      new Option("--engine <name>", "with --services: run only rounds of this engine").choices([
        "ts",
        "spark",
      ]),
    )
    .option(
      "--jobs <n>",
      "rounds in parallel (default: one per core; 1 with --services)",
      wholeNumber(1),
    )
    .option(
      "--services",
      "use the real Kafka, HDFS and Spark of npm run test:stack, and kill them too (ports: LAB_TEST_PORTS)",
    )
    .helpOption("--help", "show this help")
    .allowExcessArguments(false)
    .action(() => {});
  await parseArguments(program, argv);
  const options = program.opts<Options>();
  const { kills, round } = options;
  const isOpen = kills === undefined && round === undefined;
  const minutes = options.minutes ?? (isOpen ? DEFAULT_MINUTES : undefined);

  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130);
      console.log("stopping: waiting for all runs to end (press Ctrl-C again to stop now)");
      stop.abort();
    });
  }

  let services: Services | undefined;
  let down: (() => Promise<void>) | undefined;
  if (options.services === true) {
    const { startServices } = await import("../test/faults/services.js");
    ({ services, down } = await startServices(options.engine));
  }
  try {
    const jobs = options.jobs ?? (services === undefined ? availableParallelism() : 1);
    const { outcomes, elapsedMs } = await runCampaign(
      {
        seed: options.seed,
        folder: FOLDER,
        minutes,
        kills,
        round,
        only: options.only,
        engine: options.engine,
        jobs,
        services,
        say: console.log,
      },
      stop.signal,
    );
    const failed = outcomes.filter(({ verdict }) => verdict === "different").length;
    const killed = outcomes.reduce((sum, outcome) => sum + outcome.kills, 0);
    console.log(`\n${formatTable(outcomes)}`);
    console.log(
      `seed ${options.seed}: ${outcomes.length} rounds, ${killed} kills, ${failed} differences, ${Math.round(elapsedMs / 1_000)} s`,
    );
    console.log(`${outcomes.length - failed} passed, ${failed} failed`);
    process.exitCode = failed > 0 || stop.signal.aborted ? 1 : 0;
  } finally {
    await down?.();
  }
}

endWith(main(process.argv.slice(2)));
