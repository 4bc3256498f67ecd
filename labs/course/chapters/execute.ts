import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LabError, errorMessage } from "../../shared/errors.js";
import { makeFolders } from "../../shared/files.js";
import { exitCode, lastWords } from "../../shared/process.js";
import { readNotebook, type Notebook } from "./chapter.js";

/** The result of running a notebook. */
export interface Execution {
  /** The notebook with its new outputs. */
  notebook: Notebook;
  seconds: number;
  /** The index of the cell that failed, and how; undefined if none failed. */
  failure: { cell: number; how: string } | undefined;
}

interface Line {
  cell: number;
  of: number;
  failure?: string;
}

/** @throws LabError if JupyterLab is not installed */
export async function requireJupyterLab(root: string): Promise<void> {
  await access(join(root, ".lab/venv/bin/jupyter")).catch(() => {
    throw new LabError("JupyterLab is not installed: bash setup/jupyter/install.sh");
  });
}

/**
 * Runs a notebook from top to bottom with nbclient, on the lab's kernel.
 *
 * @param root the project's root
 * @param source the notebook's file, which is not changed
 * @param cellLimitSeconds how long a cell may take
 * @param onCell called after every cell with how many cells are done, and how many there are
 * @throws LabError if JupyterLab is not installed, or its Python has been removed
 */
export async function executeNotebook(
  root: string,
  source: string,
  cellLimitSeconds: number,
  onCell: (done: number, of: number) => void = () => {},
): Promise<Execution> {
  const python = join(root, ".lab/venv/bin/python");
  const scratch = join(root, ".lab/jupyter/executed");
  await requireJupyterLab(root);
  await makeFolders(scratch);
  const target = join(scratch, source.split("/").at(-1)!);
  const began = performance.now();
  const script = join(root, "setup/jupyter/execute.py");
  const child = spawn(python, [script, source, target, String(cellLimitSeconds)], {
    cwd: root,
    env: { ...process.env, JUPYTER_PATH: join(root, "setup/jupyter") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (complaints += text));
  const ended = exitCode(child);
  const lines = createInterface({ input: child.stdout });
  ended.catch(() => lines.close());
  let failure: Execution["failure"];
  for await (const text of lines) {
    const line = JSON.parse(text) as Line;
    if (line.failure !== undefined) failure = { cell: line.cell, how: line.failure };
    else onCell(line.cell + 1, line.of);
  }
  const code = await ended.catch((error: unknown) => {
    throw new LabError(`${errorMessage(error)}; run: bash setup/ubuntu-24.04.sh spark jupyter`);
  });
  if (code !== 0) {
    const words = lastWords(complaints);
    throw new LabError(`nbclient ended with exit code ${code ?? "none"} at ${source}:\n${words}`);
  }
  const seconds = (performance.now() - began) / 1_000;
  return { notebook: await readNotebook(target), seconds, failure };
}
