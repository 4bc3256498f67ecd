import "../setup/ready.cjs"; // before all else: the version of Node
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { formatTable, runCampaign } from "../test/faults/campaign.js";
import type { Services } from "../test/faults/stage.js";
import { THEMES, type Theme } from "../test/faults/round.js";
import { endWith, parseArguments } from "./command.js";

const FOLDER = resolve(".lab/faults");
const DEFAULT_MINUTES = 1;

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

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

const wholeNumber = (min: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > 2 ** 31) {
    throw new InvalidArgumentError(`Expected a whole number from ${min}.`);
  }
  return value;
};

async function main(argv: string[]): Promise<void> {
  const program = new Command("test:faults")
    .description(
      "Runs the pipeline again and again, disturbs it at random, and compares its products with those of an undisturbed run.\n" +
        "Rounds are drawn from the seed; when exactly a fault hits depends on the machine.",
    )
    .option("--seed <n>", "draws the rounds: same seed, same rounds", wholeNumber(0), 1)
    .option(
      "--minutes <n>",
      `begin no further round after this (default: ${DEFAULT_MINUTES})`,
      positive,
    )
    .option("--kills <n>", "begin no further round after so many kills", wholeNumber(1))
    .option("--round <n>", "play this round alone", wholeNumber(0))
    .addOption(
      new Option("--only <theme...>", "play rounds of these themes only").choices([...THEMES]),
    )
    .addOption(
      new Option("--engine <name>", "with --services: play rounds of this engine only").choices([
        "ts",
        "spark",
      ]),
    )
    .option(
      "--jobs <n>",
      "rounds at a time (default: one a core; 1 with --services)",
      wholeNumber(1),
    )
    .option(
      "--services",
      "on the real Kafka, HDFS and Spark, which are killed too: the stack of npm run test:stack (ports: LAB_TEST_PORTS)",
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
      console.log("stopping: ending every run (press Ctrl-C again to stop now)");
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
        ...{ seed: options.seed, folder: FOLDER, minutes, kills, round, only: options.only },
        ...{ engine: options.engine, jobs, services, say: console.log },
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
