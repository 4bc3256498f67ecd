import "../setup/ready.cjs"; // before all else: the version of Node
import { Command } from "commander";
import { openJupyterLab } from "../labs/course/jupyterlab.js";
import { UsageError } from "../labs/shared/errors.js";
import { ROOT, endWith, parseArguments } from "./command.js";

const program = new Command("lab")
  .description(
    "Opens JupyterLab at the first chapter, with the lab's TypeScript kernel. Installs JupyterLab if it is missing.",
  )
  .option("--no-browser", "only print the address; do not open a browser")
  .option("--port <n>", "port to listen on", "8888")
  .option(
    "--listen <address>",
    "address to listen on: 0.0.0.0 in a container, whose port is published",
    "127.0.0.1",
  )
  .action((options: { browser: boolean; port: string; listen: string }) => {
    const { port } = options;
    if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      throw new UsageError(`--port takes a port from 1 to 65535, not ${port}`);
    }
    return openJupyterLab(ROOT, options);
  });

endWith(parseArguments(program, process.argv.slice(2)));
