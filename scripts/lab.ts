import "../setup/ready.cjs"; // before all else: the version of Node
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { CHAPTERS } from "../labs/course/chapters/chapter.js";
import { LabError } from "../labs/shared/errors.js";
import { endWith, parseArguments } from "./command.js";

const FIRST_CHAPTER = "01-polling-vs-push.ipynb";
const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function run(command: string, args: string[], environment: Record<string, string> = {}) {
  // Ctrl-C is for JupyterLab, which asks before it ends.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  process.off("SIGINT", ignore);
  if (code !== 0) throw new LabError(`${command} ended with exit code ${code ?? "none"}`);
}

async function main(argv: string[]): Promise<void> {
  const program = new Command("lab")
    .description(
      "Opens JupyterLab at chapter 1, with the lab's TypeScript kernel; installs it where it is missing.",
    )
    .option("--no-browser", "do not open a browser, only print the address")
    .option("--port <n>", "port on 127.0.0.1", "8888")
    .action(() => {});
  await parseArguments(program, argv);
  const { browser, port } = program.opts<{ browser: boolean; port: string }>();
  await run("bash", [join(ROOT, "setup/jupyter/install.sh")]);
  await run(
    join(ROOT, ".lab/venv/bin/jupyter"),
    [
      ...[
        "lab",
        `--LabApp.default_url=/lab/tree/${CHAPTERS}/${FIRST_CHAPTER}`,
        "--ServerApp.ip=127.0.0.1",
        `--ServerApp.port=${port}`,
      ],
      ...["--ServerApp.root_dir", ROOT, "--KernelSpecManager.ensure_native_kernel=False"],
      ...["--KernelSpecManager.allowed_kernelspecs=lab"],
      ...["--MultiKernelManager.default_kernel_name=lab"],
      ...(browser ? [] : ["--no-browser"]),
      ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
    ],
    {
      JUPYTER_PATH: join(ROOT, "setup/jupyter"),
      // Settings, workspaces and the like stay in the lab.
      JUPYTER_CONFIG_DIR: join(ROOT, ".lab/jupyter/config"),
      JUPYTER_DATA_DIR: join(ROOT, ".lab/jupyter/data"),
      JUPYTER_RUNTIME_DIR: join(ROOT, ".lab/jupyter/runtime"),
    },
  );
}

endWith(main(process.argv.slice(2)));
