import "../setup/ready.cjs"; // before all else: the version of Node
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { Listr, ListrLogger, ProcessOutput } from "listr2";
import {
  chapterNames,
  chapterPath,
  CHAPTERS,
  codeCells,
  readNotebook,
  writeNotebook,
} from "../labs/course/chapters/chapter.js";
import { findBrowser } from "../labs/course/chapters/browser.js";
import { differences, troubleOf } from "../labs/course/chapters/difference.js";
import { executeNotebook } from "../labs/course/chapters/execute.js";
import { addPictures } from "../labs/course/chapters/pictures.js";
import { LabError, UsageError } from "../labs/shared/errors.js";
import { endWith, parseArguments } from "./command.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PLOTLY = fileURLToPath(import.meta.resolve("plotly.js/dist/plotly.min.js"));

interface Options {
  check: boolean;
  limit: string;
}

/** The chapters that are meant: all, or those whose names begin as asked. */
async function select(wanted: string[]): Promise<string[]> {
  const names = await chapterNames(`${ROOT}/${CHAPTERS}`);
  for (const each of wanted) {
    if (names.some((name) => name.startsWith(each))) continue;
    throw new UsageError(`there is no chapter ${each}: ${names.join(", ")}`);
  }
  return wanted.length === 0
    ? names
    : names.filter((name) => wanted.some((each) => name.startsWith(each)));
}

const indented = (text: string) => text.trimEnd().replaceAll(/^/gm, "    ");

/** Runs one chapter and checks it, or writes it back with its outputs. @throws LabError saying what is wrong with it */
async function runChapter(
  name: string,
  { check, limit }: Options,
  onCell: (done: number, of: number) => void,
): Promise<string> {
  const path = chapterPath(ROOT, name);
  const committed = await readNotebook(path);
  const { notebook, seconds, failure } = await executeNotebook(ROOT, path, Number(limit), onCell);
  const faults: string[] = [];
  if (failure !== undefined) {
    const first = String(notebook.cells[failure.cell]?.source).split("\n")[0]!;
    faults.push(`cell ${failure.cell + 1} ${failure.how}: ${first}`);
  }
  for (const cell of codeCells(notebook)) {
    const trouble = troubleOf(cell);
    if (trouble !== "") faults.push(`stderr: ${cell.source.split("\n")[0]}\n${indented(trouble)}`);
  }
  if (seconds > Number(limit)) {
    faults.push(`it took ${seconds.toFixed(1)} s, at most ${limit} s are allowed (--limit)`);
  }
  if (check && failure === undefined) {
    for (const { cell, expected, found } of differences(committed, notebook)) {
      faults.push(
        `other output than committed: ${cell}\n    expected: ${expected}\n    found:    ${found}`,
      );
    }
  }
  if (faults.length > 0) {
    throw new LabError(`${CHAPTERS}/${name}\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
  if (!check) {
    await addPictures(notebook, await findBrowser(), PLOTLY);
    await writeNotebook(path, notebook);
  }
  return `${seconds.toFixed(1)} s`;
}

async function main(argv: string[]): Promise<void> {
  const program = new Command("notebooks")
    .description(
      "Runs the chapters from top to bottom on the lab's kernel and writes them back with their outputs and a picture of every plot.",
    )
    .argument("[chapters...]", "only these, such as 01 03")
    .option(
      "--check",
      "write nothing: fail where a cell fails, complains, or says other things than the committed chapter",
      false,
    )
    // They take less than a minute; a machine that does other things as well may take longer.
    .option("--limit <seconds>", "how long a chapter may take", "90")
    .action(() => {});
  await parseArguments(program, argv);
  const options = program.opts<Options>();
  if (!(Number(options.limit) > 0)) throw new UsageError(`--limit is no time: ${options.limit}`);
  const names = await select(program.args);
  const faults: string[] = [];
  const tasks = names.map((name) => ({
    title: name,
    task: async (_: unknown, task: { title: string; output: string }) => {
      try {
        const took = await runChapter(name, options, (done, of) => {
          if (process.stderr.isTTY) task.title = `${name} · cell ${done} of ${of}`;
        });
        task.title = `${name} (${took})`;
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        task.title = `${name}: failed`;
        faults.push(error.message);
        throw new LabError("see below");
      }
    },
  }));
  const logger = new ListrLogger({
    processOutput: new ProcessOutput(process.stderr, process.stderr),
  });
  await new Listr(tasks, {
    exitOnError: false,
    renderer: process.stderr.isTTY ? "default" : "simple",
    rendererOptions: { logger, collapseErrors: true, showErrorMessage: false },
  }).run();
  if (faults.length > 0) {
    throw new LabError(`${faults.join("\n")}\n${faults.length} of ${names.length} chapters failed`);
  }
  console.log(`${names.length} chapters ${options.check ? "say what they said" : "written"}`);
}

endWith(main(process.argv.slice(2)));
