import { LabError, UsageError } from "../../shared/errors.js";
import { runTasks, type Task } from "../../shared/tasks.js";
import { findBrowser } from "./browser.js";
import {
  chapterNames,
  chapterPath,
  CHAPTERS,
  codeCells,
  readNotebook,
  writeNotebook,
  type Notebook,
} from "./chapter.js";
import { differences, troubleOf } from "./difference.js";
import { executeNotebook } from "./execute.js";
import { requireNeeds } from "./needs.js";
import { addPictures } from "./pictures.js";

export interface RunOptions {
  /** Only compare the outputs with those of the committed chapters; write nothing. */
  check: boolean;
  /** How long a chapter may take. */
  limitSeconds: number;
  /** plotly.js in one file, which draws the pictures. */
  plotlyPath: string;
}

/**
 * Runs chapters one after the other and reports progress on stderr. Writes each back with its outputs, or compares them.
 *
 * @param wanted the beginnings of their names, such as `01`; all chapters if empty
 * @returns how many chapters ran
 * @throws UsageError if there is no such chapter
 * @throws LabError that lists what is not installed (then none runs), or every problem of every chapter
 */
export async function runChapters(
  root: string,
  wanted: readonly string[],
  options: RunOptions,
): Promise<number> {
  const names = await select(root, wanted);
  await requireNeeds(root, names, !options.check);
  const problems: string[] = [];
  const tasks = names.map((name): Task => ({
    title: name,
    async task(_, line) {
      try {
        const seconds = await runChapter(root, name, options, (done, of) => {
          if (process.stderr.isTTY) line.title = `${name} · cell ${done} of ${of}`;
        });
        line.title = `${name} (${seconds.toFixed(1)} s)`;
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        problems.push(error.message);
        throw new LabError("see below");
      }
    },
  }));
  await runTasks(tasks, { exitOnError: false });
  if (problems.length > 0) {
    const count = `${problems.length} of ${names.length} chapters failed`;
    throw new LabError(`${problems.join("\n")}\n${count}`);
  }
  return names.length;
}

async function select(root: string, wanted: readonly string[]): Promise<string[]> {
  const names = await chapterNames(root);
  for (const each of wanted) {
    if (names.some((name) => name.startsWith(each))) continue;
    throw new UsageError(`there is no chapter ${each}: ${names.join(", ")}`);
  }
  if (wanted.length === 0) return names;
  return names.filter((name) => wanted.some((each) => name.startsWith(each)));
}

/** Runs one chapter and checks it, or writes it back. @throws LabError that lists what is wrong with it */
async function runChapter(
  root: string,
  name: string,
  { check, limitSeconds, plotlyPath }: RunOptions,
  onCell: (done: number, of: number) => void,
): Promise<number> {
  const path = chapterPath(root, name);
  const committed = await readNotebook(path);
  const { notebook, seconds, failure } = await executeNotebook(root, path, limitSeconds, onCell);
  const problems = problemsIn(notebook);
  if (failure !== undefined) {
    const first = firstLine(String(notebook.cells[failure.cell]?.source));
    problems.unshift(`cell ${failure.cell + 1} ${failure.how}: ${first}`);
  }
  if (seconds > limitSeconds) {
    problems.push(`it took ${seconds.toFixed(1)} s; the limit is ${limitSeconds} s (--limit)`);
  }
  if (check && failure === undefined) problems.push(...changes(committed, notebook));
  if (problems.length > 0) {
    throw new LabError(`${CHAPTERS}/${name}\n${problems.map((each) => `  ${each}`).join("\n")}`);
  }
  if (!check) {
    await addPictures(notebook, await findBrowser(root), plotlyPath);
    await writeNotebook(path, notebook);
  }
  return seconds;
}

const firstLine = (source: string) => source.split("\n")[0]!;

function problemsIn(notebook: Notebook): string[] {
  return codeCells(notebook).flatMap((cell) => {
    const trouble = troubleOf(cell);
    if (trouble === "") return [];
    return [`stderr: ${firstLine(cell.source)}\n${trouble.trimEnd().replaceAll(/^/gm, "    ")}`];
  });
}

function changes(committed: Notebook, notebook: Notebook): string[] {
  return differences(committed, notebook).map(
    ({ cell, expected, found }) =>
      `the output differs from the committed one: ${cell}\n    expected: ${expected}\n    found:    ${found}`,
  );
}
