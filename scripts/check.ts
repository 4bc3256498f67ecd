import "../setup/ready.cjs"; // before all else: the version of Node
import { copyFile, readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { emitKeypressEvents } from "node:readline";
import { on } from "node:events";
import { fileURLToPath } from "node:url";
import cliProgress from "cli-progress";
import { Command } from "commander";
import { solutionPath, stubPath } from "../labs/course/checker/places.js";
import { allVerdicts, openProgress } from "../labs/course/checker/progress.js";
import { startRunner, type Runner } from "../labs/course/checker/runner.js";
import { resetStub } from "../labs/course/checker/stub.js";
import {
  formatHead,
  formatList,
  formatVerdict,
  nextOpen,
  painter,
} from "../labs/course/checker/verdict.js";
import { formatHint, watchExercises } from "../labs/course/checker/watch.js";
import { UsageError, LabError } from "../labs/shared/errors.js";
import { EXERCISES, findExercise, type Exercise } from "../labs/exercises/manifest.js";
import { endWith, parseArguments } from "./command.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const paint = painter(process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined);
const print = (text: string) => console.log(text);

interface Options {
  watch: boolean;
  list: boolean;
  json: boolean;
  yes: boolean;
  hint?: string | boolean;
  reset?: string;
  solution?: string;
}

/** @throws UsageError if there is no such exercise */
function exerciseOf(wanted: string): Exercise {
  const found = findExercise(wanted);
  if (found !== undefined) return found;
  throw new UsageError(`there is no exercise ${wanted}: they are 01 to ${EXERCISES.length}`);
}

/** Asks on the terminal. @throws UsageError where there is none to ask */
async function agreed(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new UsageError(`this asks first; elsewhere give --yes`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question(`${question} [y/N] `);
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function reset(exercise: Exercise, yes: boolean): Promise<void> {
  const path = stubPath(ROOT, exercise.name);
  if (!(await agreed(`Put ${exercise.name} back to its beginning?`, yes))) {
    print("nothing was changed");
    return;
  }
  const copy = `${ROOT}.lab/${exercise.name}.${Date.now()}.ts`;
  await copyFile(path, copy);
  await resetStub(ROOT, exercise.name);
  print(`${exercise.name} is as it was at the beginning; your answer is kept in ${copy}`);
}

async function showSolution(exercise: Exercise, runner: Runner, yes: boolean): Promise<void> {
  const { status } = await (await openProgress(ROOT)).verdictOn(exercise, runner);
  const question = `You have not solved ${exercise.name} yet. See the answer all the same?`;
  if (status !== "passed" && !(await agreed(question, yes))) return;
  print(await readFile(solutionPath(ROOT, exercise.name), "utf8"));
}

/** All verdicts, under a bar on a terminal: the first time each answer is looked at. */
async function verdictsShown(runner: Runner) {
  const bar = new cliProgress.SingleBar({
    format: "checking {bar} {value} of {total}",
    stream: process.stderr,
    clearOnComplete: true,
  });
  if (process.stderr.isTTY) bar.start(EXERCISES.length, 0);
  const progress = await openProgress(ROOT);
  const verdicts = await allVerdicts(progress, runner, (done) => bar.update(done));
  bar.stop();
  return { progress, verdicts };
}

/** The keys that are pressed, where there is a terminal; elsewhere none, for ever. */
async function* keys(): AsyncGenerator<string> {
  const { stdin } = process;
  if (!stdin.isTTY) {
    await new Promise((resolve) => process.once("SIGINT", resolve));
    return;
  }
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  try {
    for await (const [, key] of on(stdin, "keypress")) {
      const { name, ctrl } = key as { name: string; ctrl: boolean };
      if (ctrl && name === "c") return;
      yield name;
    }
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

async function checkOne(exercise: Exercise, runner: Runner, json: boolean): Promise<void> {
  const verdict = await (await openProgress(ROOT)).verdictOn(exercise, runner);
  if (json) {
    const { name, chapter, status, message } = verdict;
    print(JSON.stringify({ exercises: [{ name, chapter, status, message }] }));
  } else {
    print(`${formatHead(exercise, paint)}\n\n${formatVerdict(verdict, paint)}`);
  }
  if (verdict.status !== "passed") process.exitCode = 1;
}

async function checkAll(runner: Runner, json: boolean): Promise<void> {
  const { verdicts } = await verdictsShown(runner);
  if (!json) {
    print(formatList(verdicts, paint));
    return;
  }
  const exercises = verdicts.map(({ name, chapter, status, message }) => {
    return { name, chapter, status, message };
  });
  print(JSON.stringify({ exercises }));
}

async function main(argv: string[]): Promise<void> {
  const program = new Command("check")
    .description(
      "Checks your answers in labs/exercises/. Without a number: what is done, and what is next.",
    )
    .argument("[exercise]", "one of them, such as 07")
    .option(
      "--watch",
      "check the current exercise on every save, and move on when it passes",
      false,
    )
    .option("--hint [exercise]", "the next hint, one at a time")
    .option("--list", "all exercises", false)
    .option("--reset <exercise>", "back to its beginning; asks first, and keeps a copy")
    .option("--solution <exercise>", "the reference answer; asks first if yours does not pass yet")
    .option("--json", "for a gradebook: {exercises: [{name, chapter, status, message}]}", false)
    .option("--yes", "do not ask", false)
    .action(() => {});
  await parseArguments(program, argv);
  const { watch, list, json, yes, hint, reset: toReset, solution } = program.opts<Options>();
  const wanted = program.args[0];
  const exercise = wanted === undefined ? undefined : exerciseOf(wanted);
  if (toReset !== undefined) return reset(exerciseOf(toReset), yes);
  if (typeof hint === "string") {
    return print(formatHint(await (await openProgress(ROOT)).nextHint(exerciseOf(hint))));
  }
  const runner = startRunner(ROOT);
  try {
    if (solution !== undefined) return await showSolution(exerciseOf(solution), runner, yes);
    if (watch) {
      const { progress } = await verdictsShown(runner);
      const options = { root: ROOT, progress, runner, first: exercise, print, paint, keys: keys() };
      return await watchExercises(options);
    }
    if (hint === true) {
      const { progress, verdicts } = await verdictsShown(runner);
      const next = exercise ?? nextOpen(verdicts);
      if (next === undefined)
        throw new LabError("all exercises are done: there is nothing to hint at");
      return print(`${formatHead(next, paint)}\n\n${formatHint(await progress.nextHint(next))}`);
    }
    if (exercise !== undefined && !list) return await checkOne(exercise, runner, json);
    await checkAll(runner, json);
  } finally {
    runner.close();
  }
}

endWith(main(process.argv.slice(2)));
