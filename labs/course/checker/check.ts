import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError, UsageError, errorCode } from "../../shared/errors.js";
import { makeFolders } from "../../shared/files.js";
import {
  exercisesOf,
  findExercise,
  readExercises,
  type Exercise,
  type Track,
} from "./exercises.js";
import { checkClass, formatClass, writeClassCsv } from "./classroom.js";
import { discussionHint, formatDiscussion, readDiscussion } from "./discussion.js";
import { solutionPath, stubPath } from "./places.js";
import { allVerdicts, openRecord, type LearnerRecord } from "./record.js";
import { startRunner, type Runner } from "./runner.js";
import { resetStub } from "./stub.js";
import type { Terminal } from "./terminal.js";
import { partsToWrite } from "./unfinished.js";
import {
  formatHead,
  formatList,
  formatVerdict,
  formatWaiting,
  nextOpen,
  type Verdict,
} from "./verdict.js";
import { formatHint, watchExercises } from "./watch.js";

/** The options of `npm run check`. An exercise is given by number or by name. */
export interface CheckOptions {
  exercise?: string;
  watch?: boolean;
  json?: boolean;
  /** Only the exercises of this track are listed, watched, next, and checked for a class. */
  track?: Track;
  /** `true`: a hint for the next open exercise. */
  hint?: string | boolean;
  reset?: string;
  solution?: string;
  discuss?: string;
  /** The folder of the students' folders. */
  class?: string;
}

interface Session {
  root: string;
  exercises: readonly Exercise[];
  record: LearnerRecord;
  runner: Runner;
  terminal: Terminal;
}

/**
 * Runs one command of the checker in a project.
 *
 * @returns whether the checked answer passes; true for commands that do not check one
 * @throws UsageError if there is no such exercise
 */
export async function runCheck(
  root: string,
  options: CheckOptions,
  terminal: Terminal,
): Promise<boolean> {
  const exercises = await readExercises(root);
  const find = (wanted: string) => findExercise(exercises, wanted);
  const exercise = options.exercise === undefined ? undefined : find(options.exercise);
  const record = await openRecord(root);
  const listed = exercisesOf(options.track, exercises);
  if (options.class !== undefined) return classOf(root, options.class, listed, terminal);
  if (options.reset !== undefined) return reset(root, find(options.reset), terminal);
  if (typeof options.hint === "string") {
    terminal.print(formatHint(await record.nextHint(find(options.hint))));
    return true;
  }
  const solved = options.solution === undefined ? undefined : find(options.solution);
  const discussed = options.discuss === undefined ? undefined : find(options.discuss);
  const runner = startRunner(root);
  const session = { root, exercises: listed, record, runner, terminal };
  try {
    if (solved !== undefined) return await showSolution(session, solved);
    if (discussed !== undefined) return await discuss(session, discussed);
    if (options.watch) return await watch(session, exercise, options.track);
    if (options.hint === true) return await hint(session, exercise);
    if (exercise !== undefined) return await checkOne(session, exercise, options.json);
    return await checkAll(session, options);
  } finally {
    runner.close();
  }
}

/** Relative to the project's root. */
const CLASS_CSV = ".lab/class.csv";

async function classOf(
  root: string,
  folder: string,
  exercises: readonly Exercise[],
  { print }: Terminal,
): Promise<true> {
  const all = await checkClass(root, folder, exercises, (student, done, of) =>
    print(`checking ${student} (${done + 1} of ${of}) …`),
  );
  await makeFolders(join(root, ".lab"));
  await writeClassCsv(join(root, CLASS_CSV), exercises, all);
  print(`${formatClass(exercises, all)}\nalso as ${CLASS_CSV}`);
  return true;
}

async function reset(root: string, { name }: Exercise, terminal: Terminal): Promise<true> {
  if (!(await terminal.confirm(`Reset ${name} to the empty exercise?`))) {
    terminal.print("nothing was changed");
    return true;
  }
  const copy = `.lab/${name}.${Date.now()}.ts`;
  await makeFolders(join(root, ".lab"));
  const isThere = await copyFile(stubPath(root, name), join(root, copy)).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
      return false;
    },
  );
  await resetStub(root, name);
  terminal.print(
    isThere
      ? `${name} is empty again; your answer was saved as ${copy}`
      : `${name} was missing; the empty exercise is there again`,
  );
  return true;
}

async function showSolution(session: Session, exercise: Exercise): Promise<true> {
  if (await maySeeAnswer(session, exercise, "answer")) {
    session.terminal.print(await readFile(solutionPath(session.root, exercise.name), "utf8"));
  }
  return true;
}

async function discuss(session: Session, exercise: Exercise): Promise<true> {
  const { root, terminal } = session;
  if (await maySeeAnswer(session, exercise, "discussion")) {
    terminal.print(
      formatDiscussion(exercise, await readDiscussion(root, exercise), terminal.paint),
    );
  }
  return true;
}

/** Whether the learner has solved the exercise, or wants to see what gives it away nevertheless. */
async function maySeeAnswer(
  { record, runner, terminal }: Session,
  exercise: Exercise,
  what: string,
): Promise<boolean> {
  const { status } = await record.verdictOn(exercise, runner);
  const question = `You have not solved ${exercise.name} yet. Show the ${what} anyway?`;
  return status === "passed" || (await terminal.confirm(question));
}

async function watch(
  session: Session,
  first: Exercise | undefined,
  track: Track | undefined,
): Promise<true> {
  if (first !== undefined && !session.exercises.includes(first)) {
    throw new UsageError(`${first.name} is not in the ${track} track: leave out --track`);
  }
  await verdictsOf(session);
  const { terminal, ...rest } = session;
  await watchExercises({ ...rest, ...terminal, track, first, keys: terminal.keys() });
  return true;
}

async function hint(session: Session, exercise: Exercise | undefined): Promise<true> {
  const { exercises, record, terminal } = session;
  const next = exercise ?? nextOpen(exercises, await verdictsOf(session));
  if (next === undefined) throw new LabError("all exercises are done: there is no hint left");
  terminal.print(
    `${formatHead(next, terminal.paint)}\n\n${formatHint(await record.nextHint(next))}`,
  );
  return true;
}

async function checkOne(
  { root, record, runner, terminal }: Session,
  exercise: Exercise,
  json = false,
): Promise<boolean> {
  // On real systems a second look may differ from the first.
  const repeatsFailure = exercise.needs !== undefined;
  const verdict = await terminal.waitingFor(
    formatWaiting(exercise),
    record.verdictOn(exercise, runner, repeatsFailure),
  );
  if (json) terminal.print(gradebook([verdict]));
  else {
    const { print, paint } = terminal;
    print(`${formatHead(exercise, paint)}\n\n${formatVerdict(verdict, paint)}`);
    if (verdict.status === "passed") print(discussionHint(exercise));
    const left = await partsToWrite(root, exercise);
    if (left.length > 0) print(["\nleft to write:", ...left].join("\n  "));
  }
  return verdict.status === "passed";
}

async function checkAll(session: Session, { json, track }: CheckOptions): Promise<true> {
  const verdicts = await verdictsOf(session);
  const { exercises, terminal } = session;
  terminal.print(
    json ? gradebook(verdicts) : formatList(exercises, verdicts, terminal.paint, { track }),
  );
  return true;
}

/** All verdicts, with a progress bar: the first time, this checks every answer. */
function verdictsOf({ exercises, record, runner, terminal }: Session): Promise<Verdict[]> {
  return terminal.withBar(exercises.length, (onStep) =>
    allVerdicts(exercises, record, runner, onStep),
  );
}

function gradebook(verdicts: readonly Verdict[]): string {
  const exercises = verdicts.map(({ name, chapter, status, message }) => {
    return { name, chapter, status, message };
  });
  return JSON.stringify({ exercises });
}
