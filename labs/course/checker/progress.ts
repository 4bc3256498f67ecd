import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { EXERCISES, type Exercise } from "../../exercises/manifest.js";
import { NOT_DONE } from "../../exercises/not-done.js";
import { makeFolders } from "../../shared/files.js";
import { solutionPath, stubPath } from "./places.js";
import type { Runner } from "./runner.js";
import { stubOf } from "./stub.js";
import type { Verdict } from "./verdict.js";

const FILE = ".lab/exercises.json";

const verdict = z.object({
  name: z.string(),
  chapter: z.number(),
  status: z.enum(["passed", "failed", "todo", "error"]),
  message: z.string(),
  passed: z.number(),
  checks: z.number(),
});
const schema = z.object({
  /** By exercise: the verdict, and a digest of what it was on. */
  verdicts: z.record(z.string(), z.object({ digest: z.string(), verdict })),
  /** By exercise: how many hints were shown. */
  hints: z.record(z.string(), z.number()),
});

/** What the lab remembers of a learner between two commands: in `.lab/`, so deleting it is safe. */
export interface Progress {
  /** The verdict on an exercise: the one of before if neither the answer nor its checks have changed. */
  verdictOn(exercise: Exercise, runner: Runner): Promise<Verdict>;
  /** The next hint that was not shown yet, or the last one; and how many there are. */
  nextHint(exercise: Exercise): Promise<{ hint: string; number: number; of: number }>;
}

/** Reads what is remembered; nothing where the file is missing or not what it should be. */
export async function openProgress(root: string): Promise<Progress> {
  const path = join(root, FILE);
  const text = await readFile(path, "utf8").catch(() => "{}");
  const state = schema.catch({ verdicts: {}, hints: {} }).parse(parsed(text));

  async function save(): Promise<void> {
    await makeFolders(dirname(path));
    await writeFile(path, JSON.stringify(state, undefined, 1));
  }

  async function digestOf({ name }: Exercise): Promise<string> {
    const hash = createHash("sha256");
    for (const file of [stubPath(root, name), join(root, `test/exercises/${name}.checks.ts`)]) {
      hash.update(await readFile(file).catch(() => "missing"));
    }
    return hash.digest("hex");
  }

  /** Whether the exercise is as it was at the beginning: then there is nothing to run. */
  async function isUntouched({ name }: Exercise): Promise<boolean> {
    const files = [stubPath(root, name), solutionPath(root, name)];
    const [stub, solution] = await Promise.all(
      files.map((file) => readFile(file, "utf8").catch(() => "")),
    );
    return stub !== "" && stub === stubOf(solution!);
  }

  return {
    async verdictOn(exercise, runner) {
      const digest = await digestOf(exercise);
      const known = state.verdicts[exercise.name];
      // What could not be judged may be judged now: Spark runs, say.
      if (known?.digest === digest && known.verdict.status !== "error") return known.verdict;
      const found = (await isUntouched(exercise))
        ? untouched(exercise)
        : await runner.check(exercise);
      state.verdicts[exercise.name] = { digest, verdict: found };
      await save();
      return found;
    },
    async nextHint({ name, hints }) {
      const number = Math.min(hints.length, (state.hints[name] ?? 0) + 1);
      state.hints[name] = number;
      await save();
      return { hint: hints[number - 1]!, number, of: hints.length };
    },
  };
}

const untouched = ({ name, chapter }: Exercise): Verdict => {
  return { name, chapter, status: "todo", message: NOT_DONE, passed: 0, checks: 0 };
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The verdicts on all exercises, in order. @param onVerdict is told each one as it comes */
export async function allVerdicts(
  progress: Progress,
  runner: Runner,
  onVerdict: (done: number, of: number) => void = () => {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const exercise of EXERCISES) {
    verdicts.push(await progress.verdictOn(exercise, runner));
    onVerdict(verdicts.length, EXERCISES.length);
  }
  return verdicts;
}
