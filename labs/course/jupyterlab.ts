import { spawn } from "node:child_process";
import { join } from "node:path";
import { LabError } from "../shared/errors.js";
import { exitCode } from "../shared/process.js";
import { chapterNames, CHAPTERS } from "./chapters/chapter.js";

const FORWARDED = ["SIGTERM", "SIGHUP"] as const;

/**
 * Opens JupyterLab at the first chapter with the lab's kernel, and installs it first if it is missing. Returns when it ends.
 *
 * @throws LabError if it cannot be installed or ends with an error
 */
export async function openJupyterLab(
  root: string,
  { browser, port, listen }: { browser: boolean; port: string; listen: string },
): Promise<void> {
  const [first = ""] = await chapterNames(root);
  if (!(await run(root, "bash", [join(root, "setup/jupyter/install.sh")]))) return;
  await run(
    root,
    join(root, ".lab/venv/bin/jupyter"),
    [
      "lab",
      `--LabApp.default_url=/lab/tree/${CHAPTERS}/${first}`,
      `--ServerApp.ip=${listen}`,
      `--ServerApp.port=${port}`,
      `--ServerApp.root_dir=${root}`,
      "--KernelSpecManager.ensure_native_kernel=False",
      "--KernelSpecManager.allowed_kernelspecs=lab",
      "--MultiKernelManager.default_kernel_name=lab",
      ...(browser ? [] : ["--no-browser"]),
      ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
    ],
    {
      JUPYTER_PATH: join(root, "setup/jupyter"),
      // Settings and workspaces stay in the lab's folder.
      JUPYTER_CONFIG_DIR: join(root, ".lab/jupyter/config"),
      JUPYTER_DATA_DIR: join(root, ".lab/jupyter/data"),
      JUPYTER_RUNTIME_DIR: join(root, ".lab/jupyter/runtime"),
    },
  );
}

/**
 * Runs a command to its end. SIGTERM and SIGHUP are passed on to it: otherwise it would outlive this process.
 *
 * @returns false if it was stopped by such a signal
 * @throws LabError if it ends with an error
 */
async function run(
  root: string,
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<boolean> {
  // JupyterLab handles Ctrl-C itself: it asks before it ends.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  let isStopped = false;
  const forward = (signal: NodeJS.Signals) => {
    isStopped = true;
    child.kill(signal);
  };
  // Before the start: a signal that comes first would end only this process.
  for (const signal of FORWARDED) process.on(signal, forward);
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  const code = await exitCode(child).finally(() => {
    process.off("SIGINT", ignore);
    for (const signal of FORWARDED) process.off(signal, forward);
  });
  if (isStopped) return false;
  if (code !== 0) throw new LabError(`${command} ended with exit code ${code ?? "none"}`);
  return true;
}
