import "../setup/ready.cjs"; // before all else: the version of Node
import { Argument, Command } from "commander";
import { PORT_NAMES, portVariable, readConfig, type StackConfig } from "../labs/shared/config.js";
import {
  pingService,
  resetServices,
  showDoctor,
  showLog,
  showSecured,
  showStatus,
  stopServices,
} from "../labs/stack/commands.js";
import { SERVICE_NAMES, type ServiceName } from "../labs/stack/service.js";
import { openStack, type Stack } from "../labs/stack/stack.js";
import { startServices } from "../labs/stack/start.js";
import { ROOT, endWith, parseArguments } from "./command.js";

const NAMES = [...SERVICE_NAMES, "hdfs"];

let config: StackConfig;
let stack: Stack;

const service = () => new Argument("<name>").choices([...SERVICE_NAMES]);
const services = () =>
  new Argument("[names...]", "services; hdfs means namenode and datanode").choices(NAMES);

const program = new Command("stack")
  .description(
    "Starts, watches and stops the real Kafka, HDFS, Spark and schema registry on this machine.",
  )
  .addHelpText(
    "after",
    `\nThe services listen only on 127.0.0.1, unless LAB_NETWORK=containers (see labs/README.md). To use other ports, set ${PORT_NAMES.map(portVariable).join(", ")}.\nData, logs and settings are in .lab/stack, or in LAB_STACK_DIR.`,
  )
  .hook("preAction", () => {
    config = readConfig().stack;
    stack = openStack(ROOT, config);
  });
program
  .command("up")
  .description(
    "start services and their dependencies, and wait until they answer (default: all but the registry)",
  )
  .addArgument(services())
  .option(
    "--secure",
    "let Kafka and HDFS also listen with TLS, and check passwords and rights; makes what that needs in .lab/stack/secure",
  )
  .action(async (names: string[], { secure = false }: { secure?: boolean }) => {
    const chosen = openStack(ROOT, { ...config, isSecure: secure });
    const started = chosen.select(names);
    await startServices(chosen, started);
    if (secure) await showSecured(chosen, started);
  });
program
  .command("run")
  .description(
    "run one service in this terminal, until Ctrl-C: what each container of the compose file does",
  )
  .addArgument(service())
  .action((name: ServiceName) => stack.run(name));
program
  .command("ping")
  .description("check that a service answers; the exit code says so")
  .addArgument(service())
  .action((name: ServiceName) => pingService(stack, name));
program
  .command("down")
  .description("stop services cleanly, in order (default: all)")
  .addArgument(services())
  .action((names: string[]) => stopServices(stack, names));
program
  .command("status")
  .description("show what is running: health, pid, port, uptime, memory")
  .option("--json", "print JSON")
  .action((options: { json?: boolean }) => showStatus(stack, options));
program
  .command("doctor")
  .description("check that this machine has what the stack needs; says how to fix what is missing")
  .option("--json", "print JSON")
  .action((options: { json?: boolean }) => showDoctor(stack, config, options));
program
  .command("logs")
  .description("show the end of a service's log")
  .addArgument(service())
  .option("-f, --follow", "keep showing new lines")
  .option("-n, --lines <n>", "number of lines", "40")
  .action((name: ServiceName, options: { follow?: boolean; lines: string }) =>
    showLog(stack, name, options),
  );
program
  .command("reset")
  .description("remove the data of services (default: all); asks first")
  .addArgument(services())
  .option("--yes", "do not ask for confirmation")
  .action((names: string[], options: { yes?: boolean }) => resetServices(stack, names, options));

endWith(parseArguments(program, process.argv.slice(2)));
