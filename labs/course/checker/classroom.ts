import { copyFile, cp, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import Table from "cli-table3";
import { UsageError } from "../../shared/errors.js";
import type { Exercise } from "./exercises.js";
import { STUBS, stubPath } from "./places.js";
import { allVerdicts, openRecord } from "./record.js";
import { startRunner } from "./runner.js";
import { resetStub } from "./stub.js";
import type { Status, Verdict } from "./verdict.js";

/** Where the answers of one student after the other are checked, relative to the project's root. */
const CLASSROOM = ".lab/class";
/** What checking needs: the project's own files, never those of a student. */
const COPIED = [
  "labs",
  "solutions",
  "test/exercises",
  "test/support",
  "package.json",
  "tsconfig.json",
];

/** The verdicts on the answers of a student. */
export interface StudentVerdicts {
  /** The name of the folder. */
  student: string;
  /** In the order of the exercises. */
  verdicts: Verdict[];
}

/**
 * Checks the answers of a class. Each student has a folder, which holds the answers in `labs/exercises/`, as a clone does, or
 * directly. Only these files are copied, and they run only in the checker's process, with its time limits.
 *
 * @param folder the folder of the students' folders
 * @param onStudent called before each student with the number of students checked so far, and of all
 * @throws UsageError if there is no such folder, or no student in it
 */
export async function checkClass(
  root: string,
  folder: string,
  exercises: readonly Exercise[],
  onStudent: (student: string, done: number, of: number) => void = () => {},
): Promise<StudentVerdicts[]> {
  const students = await studentsIn(folder);
  const room = join(root, CLASSROOM);
  await rm(room, { recursive: true, force: true });
  try {
    for (const path of COPIED) await cp(join(root, path), join(room, path), { recursive: true });
    await symlink(resolve(root, "node_modules"), join(room, "node_modules"));
    const all: StudentVerdicts[] = [];
    for (const student of students) {
      onStudent(student, all.length, students.length);
      await rm(join(room, ".lab"), { recursive: true, force: true });
      await mkdir(join(room, ".lab"));
      for (const { name } of exercises) await placeAnswer(room, join(folder, student), name);
      const runner = startRunner(room, { systemsRoot: root });
      const record = await openRecord(room);
      const verdicts = await allVerdicts(exercises, record, runner).finally(runner.close);
      all.push({ student, verdicts });
    }
    return all;
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

async function studentsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => {
    throw new UsageError(`${folder}: expected a folder with a folder for each student`);
  });
  const students = entries.filter((each) => each.isDirectory() && !each.name.startsWith("."));
  if (students.length === 0) {
    throw new UsageError(`${folder} has no folders: expected one for each student`);
  }
  return students.map(({ name }) => name).sort();
}

/** Puts a student's answer in its place, or the empty exercise if there is none. */
async function placeAnswer(room: string, own: string, name: string): Promise<void> {
  for (const path of [join(own, STUBS, `${name}.ts`), join(own, `${name}.ts`)]) {
    const isCopied = await copyFile(path, stubPath(room, name)).then(
      () => true,
      () => false,
    );
    if (isCopied) return;
  }
  await resetStub(room, name);
}

const MARKS: Record<Status, string> = {
  passed: "✓",
  failed: "✗",
  error: "!",
  todo: "·",
  skipped: "–",
};
const doneOf = (verdicts: readonly Verdict[]) =>
  verdicts.filter(({ status }) => status === "passed").length;

/** A table with a line for each student. */
export function formatClass(
  exercises: readonly Exercise[],
  all: readonly StudentVerdicts[],
): string {
  const table = new Table({
    head: ["student", ...exercises.map(({ name }) => name.slice(0, 2)), "done"],
    style: { head: [], border: [], compact: true },
  });
  for (const { student, verdicts } of all) {
    table.push([student, ...verdicts.map(({ status }) => MARKS[status]), String(doneOf(verdicts))]);
  }
  return `${table.toString()}\n✓ passed · ✗ wrong · ! cannot be checked · – needs a system that is not installed · · not done`;
}

/** Writes a line for each student: the status of each exercise, and how many are done. */
export async function writeClassCsv(
  path: string,
  exercises: readonly Exercise[],
  all: readonly StudentVerdicts[],
): Promise<void> {
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [
    ["student", ...exercises.map(({ name }) => name), "done"],
    ...all.map(({ student, verdicts }) => [
      quoted(student),
      ...verdicts.map(({ status }) => status),
      String(doneOf(verdicts)),
    ]),
  ];
  await writeFile(path, `${lines.map((line) => line.join(",")).join("\n")}\n`);
}
