import { watch } from "node:fs";
import { join } from "node:path";
import { errorMessage } from "../../shared/errors.js";
import { startTimer, type Timer } from "../../shared/wait.js";
import { discussionHint } from "./discussion.js";
import type { Exercise, Track } from "./exercises.js";
import { STUBS } from "./places.js";
import type { Terminal } from "./terminal.js";
import { allVerdicts, type LearnerRecord } from "./record.js";
import type { Runner } from "./runner.js";
import {
  formatHead,
  formatList,
  formatVerdict,
  formatWaiting,
  nextOpen,
  wrapped,
  type Paint,
} from "./verdict.js";

/** Editors write a file in several steps: changes closer together than this are one save. */
const SETTLE_MS = 40;
const KEYS = "h hint · l list · n next · p previous · q quit";

export interface WatchOptions {
  root: string;
  exercises: readonly Exercise[];
  /** The track whose exercises these are, if it is not all of them. */
  track?: Track;
  record: LearnerRecord;
  runner: Runner;
  /** The exercise to start with; the first open one by default. */
  first?: Exercise;
  print: Terminal["print"];
  paint: Paint;
  waitingFor: Terminal["waitingFor"];
  keys: AsyncIterable<string>;
}

/** Checks the current exercise on every save, and moves on to the next when it passes, until the learner quits. */
export async function watchExercises(options: WatchOptions): Promise<void> {
  const { root, exercises, track, record, runner, print, paint, waitingFor } = options;
  let verdicts = await allVerdicts(exercises, record, runner);
  let current = options.first ?? nextOpen(exercises, verdicts);
  if (current === undefined) {
    print(`${formatList(exercises, verdicts, paint, { track })}\nAll exercises are done.`);
    return;
  }
  const follow = (exercise: Exercise) => {
    print(`\n${formatHead(exercise, paint)}\n    save the file to check it · ${KEYS}`);
  };

  function sayWhichIsWatched(saved: Exercise): void {
    const [number, watched] = [saved, current!].map(({ name }) => name.slice(0, 2));
    print(
      `\n${number} was saved, but this is watching ${watched}; to check ${number}: npm run check -- ${number}`,
    );
  }

  async function check(exercise: Exercise): Promise<void> {
    const verdict = await waitingFor(formatWaiting(exercise), record.verdictOn(exercise, runner));
    verdicts = verdicts.map((each) => (each.name === exercise.name ? verdict : each));
    print(`\n${formatVerdict(verdict, paint)}`);
    if (verdict.status !== "passed") return;
    print(discussionHint(exercise));
    const next = nextOpen(exercises, verdicts);
    if (next === undefined) {
      print(
        `\n${formatList(exercises, verdicts, paint, { track })}\nAll exercises are done. Congratulations!`,
      );
      return;
    }
    current = next;
    follow(next);
  }

  // Checks run one after another; a save during a check is checked after it.
  let queue = Promise.resolve();
  const timers = new Map<Exercise, Timer>();
  const watcher = watch(join(root, STUBS), (_, file) => {
    const saved = exercises.find(({ name }) => file === `${name}.ts`);
    if (saved === undefined) return;
    timers.get(saved)?.cancel();
    const settled = startTimer(SETTLE_MS, () => {
      queue = queue
        .then(() => (saved === current ? check(saved) : sayWhichIsWatched(saved)))
        .catch((error: unknown) => print(`\n${errorMessage(error)}`));
    });
    timers.set(saved, settled);
  });
  follow(current);
  try {
    for await (const key of options.keys) {
      await queue;
      if (key === "q") return;
      else if (key === "h") print(`\n${formatHint(await record.nextHint(current))}`);
      else if (key === "l") {
        print(`\n${formatList(exercises, verdicts, paint, { track, next: current })}`);
      } else if (key === "n" || key === "p") {
        const passed = new Set(
          verdicts.filter(({ status }) => status === "passed").map(({ name }) => name),
        );
        const inOrder = key === "n" ? exercises : [...exercises].reverse();
        current = following(inOrder, current, passed);
        follow(current);
      } else print(`\n${KEYS}`);
    }
  } finally {
    for (const timer of timers.values()) timer.cancel();
    watcher.close();
    await queue;
  }
}

/** The next exercise of a list that has not passed, wrapping around at the end. */
function following(
  exercises: readonly Exercise[],
  current: Exercise,
  passed: ReadonlySet<string>,
): Exercise {
  const at = exercises.indexOf(current);
  const round = [...exercises.slice(at + 1), ...exercises.slice(0, at + 1)];
  return round.find(({ name }) => !passed.has(name)) ?? current;
}

export function formatHint({ hint, number, of }: { hint: string; number: number; of: number }) {
  const more = number < of ? "" : " (the last one)";
  return `hint ${number} of ${of}${more}\n${wrapped(hint)}`;
}
