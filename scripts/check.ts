import "../setup/ready.cjs"; // before all else: the version of Node
import { Argument, Command } from "commander";
import { runCheck, type CheckOptions } from "../labs/course/checker/check.js";
import { createExercise } from "../labs/course/checker/new.js";
import { processTerminal } from "../labs/course/checker/terminal.js";
import { ROOT, endWith, parseArguments } from "./command.js";

const program = new Command("check")
  .description(
    "Checks your answers in labs/exercises/. Without a number, lists which exercises are done and which is next.",
  )
  .argument("[exercise]", "the exercise to check, such as 07")
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
  .option("--json", "print JSON for a gradebook: {exercises: [{name, chapter, status, message}]}")
  .option("--yes", "do not ask for confirmation")
  .action(async (exercise: string | undefined, options: CheckOptions & { yes?: boolean }) => {
    const terminal = processTerminal(options.yes === true);
    const passed = await runCheck(ROOT, { ...options, exercise }, terminal);
    if (!passed) process.exitCode = 1;
  });

program
  .command("new")
  .description(
    "Creates the files of a new exercise, with a TODO for each part to write. npm run test:course lists the remaining TODOs.",
  )
  .addArgument(
    new Argument("<name>", "such as 22-some-name; without a number, the next one is used"),
  )
  .option("--chapter <n>", "the chapter it belongs to (default: the last one)")
  .action(async (wanted: string, { chapter }: { chapter?: string }) => {
    const number = chapter === undefined ? undefined : Number(chapter);
    const { name, files } = await createExercise(ROOT, wanted, number);
    console.log(`${name}: written\n${files.map((file) => `  ${file}`).join("\n")}`);
    console.log(
      `next: solve it in solutions/${name}.ts, then npm run check -- --reset ${name.slice(0, 2)} --yes`,
    );
  });

endWith(parseArguments(program, process.argv.slice(2)));
