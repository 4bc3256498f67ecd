import { spawn } from "node:child_process";
import { join } from "node:path";
import { LabError } from "../shared/errors.js";
import { exitCode } from "../shared/process.js";
import { chapterNames, CHAPTERS } from "./chapters/chapter.js";

/**
 * Opens JupyterLab at the first chapter with the lab's kernel, and installs it first if it is missing. Returns when it ends.
 *
 * @throws LabError if it cannot be installed or ends with an error
 */
export async function openJupyterLab(
  root: string,
  { browser, port }: { browser: boolean; port: string },
): Promise<void> {
  const [first = ""] = await chapterNames(root);
  await run(root, "bash", [join(root, "setup/jupyter/install.sh")]);
  await run(
    root,
    join(root, ".lab/venv/bin/jupyter"),
    [
      "lab",
      `--LabApp.default_url=/lab/tree/${CHAPTERS}/${first}`,
      "--ServerApp.ip=127.0.0.1",
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

async function run(
  root: string,
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<void> {
  // JupyterLab handles Ctrl-C itself: it asks before it ends.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  const code = await exitCode(child).finally(() => process.off("SIGINT", ignore));
  if (code !== 0) throw new LabError(`${command} ended with exit code ${code ?? "none"}`);
}
