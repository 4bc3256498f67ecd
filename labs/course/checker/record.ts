import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { NOT_DONE } from "../../exercises/not-done.js";
import { makeFolders } from "../../shared/files.js";
import { parseJson } from "../../shared/json.js";
import type { Exercise } from "./exercises.js";
import { checksPath, solutionPath, stubPath } from "./places.js";
import type { Runner } from "./runner.js";
import { stubOf } from "./stub.js";
import { STATUSES, type Verdict } from "./verdict.js";

const FILE = ".lab/exercises.json";

const verdict = z.object({
  name: z.string(),
  chapter: z.number(),
  status: z.enum(STATUSES),
  message: z.string(),
  passed: z.number(),
  checks: z.number(),
  printed: z.string().optional(),
});
const schema = z.object({
  /** By exercise: the verdict, and a digest of the answer and the checks that it is about. */
  verdicts: z.record(z.string(), z.object({ digest: z.string(), verdict })),
  /** By exercise: the number of hints shown. */
  hints: z.record(z.string(), z.number()),
});

/** The learner's verdicts and hints, stored in `.lab/` between commands. Deleting them is safe. */
export interface LearnerRecord {
  /**
   * The verdict on an exercise: the stored one if neither the answer nor the checks have changed.
   *
   * @param repeatsFailure whether an answer that has failed is checked again nevertheless
   */
  verdictOn(exercise: Exercise, runner: Runner, repeatsFailure?: boolean): Promise<Verdict>;
  /** The next hint that has not been shown, or the last one; and how many there are. */
  nextHint(exercise: Exercise): Promise<{ hint: string; number: number; of: number }>;
}

/** Reads the record; an empty one if the file is missing or invalid. */
export async function openRecord(root: string): Promise<LearnerRecord> {
  const path = join(root, FILE);
  const text = await readFile(path, "utf8").catch(() => "");
  const state = schema.catch({ verdicts: {}, hints: {} }).parse(parseJson(text));

  async function save(): Promise<void> {
    await makeFolders(dirname(path));
    await writeFile(path, JSON.stringify(state, undefined, 1));
  }

  async function digestOf({ name }: Exercise): Promise<string> {
    const hash = createHash("sha256");
    for (const file of [stubPath(root, name), checksPath(root, name)]) {
      hash.update(await readFile(file).catch(() => "missing"));
    }
    return hash.digest("hex");
  }

  /** Whether the learner has not changed the file yet, so that there is nothing to run. */
  async function isUntouched({ name }: Exercise): Promise<boolean> {
    const files = [stubPath(root, name), solutionPath(root, name)];
    const [stub, solution] = await Promise.all(
      files.map((file) => readFile(file, "utf8").catch(() => "")),
    );
    return stub !== "" && stub === stubOf(solution!);
  }

  return {
    async verdictOn(exercise, runner, repeatsFailure = false) {
      const digest = await digestOf(exercise);
      const known = state.verdicts[exercise.name];
      // An answer that could not be checked is checked again: the reason may be gone.
      const open = ["error", "skipped", ...(repeatsFailure ? ["failed"] : [])];
      const isFinal = known !== undefined && !open.includes(known.verdict.status);
      if (isFinal && known.digest === digest) return known.verdict;
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

/** The verdicts on exercises, in order. @param onVerdict called after each one with the number done */
export async function allVerdicts(
  exercises: readonly Exercise[],
  record: LearnerRecord,
  runner: Runner,
  onVerdict: (done: number) => void = () => {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const exercise of exercises) {
    verdicts.push(await record.verdictOn(exercise, runner));
    onVerdict(verdicts.length);
  }
  return verdicts;
}
