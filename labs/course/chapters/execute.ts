import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LabError } from "../../shared/errors.js";
import { makeFolders } from "../../shared/files.js";
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
 * @throws LabError if JupyterLab is not installed
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
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  let failure: Execution["failure"];
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line;
    if (line.failure !== undefined) failure = { cell: line.cell, how: line.failure };
    else onCell(line.cell + 1, line.of);
  }
  const code = await closed;
  if (code !== 0) {
    const last = complaints.trim().split("\n").slice(-5).join("\n");
    throw new LabError(`nbclient ended with exit code ${code ?? "none"} at ${source}:\n${last}`);
  }
  const seconds = (performance.now() - began) / 1_000;
  return { notebook: await readNotebook(target), seconds, failure };
}
