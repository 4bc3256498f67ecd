import { table } from "../cell.js";
import { showStartsInCell } from "../services.js";
import { findExercise, readExercises } from "./exercises.js";
import { openRecord } from "./record.js";
import { startRunner } from "./runner.js";

/**
 * Checks an exercise from a cell, `await check("07")`, and shows the verdict as a table. The working directory must be the
 * project's root, as in the lab's kernel.
 *
 * @throws UsageError if there is no such exercise
 */
export async function check(wanted: string): Promise<void> {
  const exercise = findExercise(await readExercises("."), wanted);
  const record = await openRecord(".");
  const runner = startRunner(process.cwd(), { showStarts: showStartsInCell });
  const { status, message } = await record.verdictOn(exercise, runner).finally(runner.close);
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
