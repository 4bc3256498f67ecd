import "../setup/ready.cjs"; // before all else: the version of Node
import { fileURLToPath } from "node:url";
import { Argument, Command, Option } from "commander";
import { runCheck, type CheckOptions } from "../labs/course/checker/check.js";
import { createExercise } from "../labs/course/checker/new.js";
import { processTerminal } from "../labs/course/checker/terminal.js";
import { UsageError } from "../labs/shared/errors.js";
import { endWith, parseArguments } from "./command.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

interface NewOptions {
  chapter?: string;
  title?: string;
  difficulty: string;
}

const program = new Command("check")
  .description(
    "Checks your answers in labs/exercises/. Without a number, lists which exercises are done and which is next.",
  )
  .argument("[exercise]", "check this one, such as 07")
  .option("--watch", "check the current exercise on every save, and go on when it passes")
  .option("--hint [exercise]", "show the next hint, one at a time")
  .option("--list", "list all exercises")
  .option("--reset <exercise>", "empty an exercise; asks first, and keeps your answer")
  .option("--solution <exercise>", "show the reference answer; asks first if yours does not pass")
  .option("--json", "for a gradebook: {exercises: [{name, chapter, status, message}]}")
  .option("--yes", "do not ask")
  .action(async (exercise: string | undefined, options: CheckOptions & { yes?: boolean }) => {
    const terminal = processTerminal(options.yes === true);
    const passed = await runCheck(ROOT, { ...options, exercise }, terminal);
    if (!passed) process.exitCode = 1;
  });

program
  .command("new")
  .description(
    "Makes the files of a new exercise, with a TODO for each thing to write. npm run test:course lists the TODOs that are left.",
  )
  .addArgument(new Argument("<name>", "such as 22-some-name; without a number: the next one"))
  .option("--chapter <n>", "the chapter it belongs to (default: the last one)")
  .option("--title <title>", "its title (default: made from the name)")
  .addOption(new Option("--difficulty <n>", "1 easy, 3 hard").choices(["1", "2", "3"]).default("1"))
  .action(async (wanted: string, { chapter, title, difficulty }: NewOptions) => {
    if (chapter !== undefined && !/^\d+$/.test(chapter)) {
      throw new UsageError(`--chapter takes the number of a chapter, not ${chapter}`);
    }
    const { name, files } = await createExercise(ROOT, {
      name: wanted,
      chapter: chapter === undefined ? undefined : Number(chapter),
      title,
      difficulty: Number(difficulty),
    });
    console.log(`${name}: written\n${files.map((file) => `  ${file}`).join("\n")}`);
    console.log(
      `next: solve it in solutions/${name}.ts, then npm run check -- --reset ${name.slice(0, 2)} --yes`,
    );
  });

endWith(parseArguments(program, process.argv.slice(2)));
