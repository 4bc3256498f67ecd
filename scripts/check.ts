import "../setup/ready.cjs"; // before all else: the version of Node
import { Argument, Command, Option } from "commander";
import { runCheck, type CheckOptions } from "../labs/course/checker/check.js";
import {
  MAX_SEED,
  runCapstoneCommand,
  type CapstoneOptions,
} from "../labs/course/capstone/command.js";
import { TRACKS } from "../labs/course/checker/exercises.js";
import { createExercise } from "../labs/course/checker/new.js";
import { MIN_MUTANTS } from "../labs/course/checker/unfinished.js";
import { processTerminal } from "../labs/course/checker/terminal.js";
import { UsageError } from "../labs/shared/errors.js";
import { wholeNumber } from "../labs/shared/option.js";
import { ROOT, endWith, parseArguments } from "./command.js";

type Options = CheckOptions & CapstoneOptions & { yes?: boolean };

const program = new Command("check")
  .description(
    "Checks your answers in labs/exercises/. Without a number, lists which exercises are done and which is next.",
  )
  .argument("[exercise]", "the exercise to check, such as 07, or capstone")
  .option(
    "--watch",
    "check the current exercise on every save; when it passes, continue with the next",
  )
  .option("--hint [exercise]", "show the next hint, one at a time")
  .option(
    "--reset <exercise>",
    "start an exercise over; asks first, and keeps a copy of your answer",
  )
  .option("--solution <exercise>", "show the reference answer; asks first if yours does not pass")
  .option(
    "--discuss <exercise>",
    "after solving it: why the answer works, another way, and what common wrong answers do",
  )
  .addOption(
    new Option(
      "--track <name>",
      "list, watch and, with --class, check only the exercises of a track; fast is for those who know the basics",
    ).choices(TRACKS),
  )
  .option("--class <folder>", "for teachers: check all answers in the folders of a class")
  .option("--json", "print JSON for a gradebook: {exercises: [{name, chapter, status, message}]}")
  .option("--yes", "do not ask for confirmation")
  .option("--feed", "with capstone: serve its feed and wait for Ctrl-C, to build against")
  .option("--programs <folder>", "with capstone: check the programs of another folder")
  .option("--seed <n>", "with capstone: the feed of an earlier check", wholeNumber(0, MAX_SEED))
  .action(async (exercise: string | undefined, options: Options) => {
    const terminal = processTerminal(options.yes === true);
    const passed =
      (await runCapstoneCommand(ROOT, { ...options, exercise }, terminal)) ??
      (await runCheck(ROOT, { ...options, exercise }, terminal));
    if (!passed) process.exitCode = 1;
  });

program
  .command("new")
  .description(
    "Creates the files of a new exercise, with a TODO for each part to write. npm run check -- NUMBER lists those that are left.",
  )
  .addArgument(
    new Argument("<name>", "such as 22-some-name; without a number, the next one is used"),
  )
  .option("--chapter <n>", "the chapter it belongs to (default: the last one)")
  .action(async (wanted: string, { chapter }: { chapter?: string }) => {
    if (chapter !== undefined && !/^\d+$/.test(chapter)) {
      throw new UsageError(`--chapter takes the number of a chapter, not ${chapter}`);
    }
    const chapterNumber = chapter === undefined ? undefined : Number(chapter);
    const { name, files } = await createExercise(ROOT, wanted, chapterNumber);
    console.log(`${name}: written\n${files.map((file) => `  ${file}`).join("\n")}`);
    const number = name.slice(0, 2);
    const folder = `test/exercises/${name}`;
    console.log(
      [
        `next: 1. write the reference answer in solutions/${name}.ts, then npm run check -- --reset ${number} --yes`,
        `      2. write the checks in ${folder}/checks.ts, and hints and outcome in ${folder}/exercise.json`,
        `      3. record at least ${MIN_MUTANTS} wrong answers in ${folder}/mutants.ts, as changes to the solution`,
        `npm run check -- ${number} lists what is left`,
      ].join("\n"),
    );
  });

/** @throws UsageError if an argument is the name of an option, such as `list` or `hint` */
async function main(argv: string[]): Promise<void> {
  const isOption = (word: string) => program.options.some(({ long }) => long === `--${word}`);
  const option = argv[0] === "new" ? undefined : argv.find(isOption);
  if (option !== undefined) {
    const meant = [`--${option}`, ...argv.filter((word) => word !== option)].join(" ");
    throw new UsageError(`${option} is an option: npm run check -- ${meant}`);
  }
  await parseArguments(program, argv);
}

endWith(main(process.argv.slice(2)));
