import { execFile } from "node:child_process";
import { table } from "../cell.js";
import { findExercise, readExercises } from "./exercises.js";
import type { Verdict } from "./verdict.js";

/**
 * Checks an exercise from a cell, `await check("07")`, and shows the verdict as a table. The working directory must be the
 * project's root, as in the lab's kernel.
 *
 * @throws UsageError if there is no such exercise
 */
export async function check(wanted: string): Promise<void> {
  const exercise = findExercise(await readExercises("."), wanted);
  const { status, message } = await verdictOn(exercise.name);
  const [first = "", ...lines] = message.split("\n");
  const rows = [
    { "": "exercise", [exercise.name]: exercise.title },
    { "": "verdict", [exercise.name]: status === "passed" ? "passed" : first },
    ...lines
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const [, name = "", text = line] = /^ {2}(input|expected|yours): +(.*)$/.exec(line) ?? [];
        return { "": name, [exercise.name]: text.trim() };
      }),
  ];
  table(rows);
}

function verdictOn(name: string): Promise<Pick<Verdict, "status" | "message">> {
  const args = ["--import", "tsx", "scripts/check.ts", name, "--json"];
  return new Promise((resolve, reject) => {
    // The exit code is 1 if the answer does not pass; the verdict is on stdout all the same.
    execFile(process.execPath, args, (error, stdout) => {
      try {
        const { exercises } = JSON.parse(stdout) as { exercises: Verdict[] };
        resolve(exercises[0]!);
      } catch {
        reject(error ?? new Error(`no verdict on ${name}`));
      }
    });
  });
}
