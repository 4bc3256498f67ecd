import "../setup/ready.cjs"; // before all else: the version of Node
import { spawn } from "node:child_process";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { Argument, Command } from "commander";
import { PORT_NAMES, portVariable, readConfig, type StackConfig } from "../labs/shared/config.js";
import { LabError, UsageError } from "../labs/shared/errors.js";
import { examine } from "../labs/stack/doctor.js";
import { SERVICE_NAMES, type ServiceName } from "../labs/stack/service.js";
import { openStack, type Stack } from "../labs/stack/stack.js";
import { startServices } from "../labs/stack/start.js";
import { endWith, parseArguments } from "./command.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NAMES = [...SERVICE_NAMES, "hdfs"];

let config: StackConfig;
let stack: Stack;

const seconds = (total: number) =>
  total < 120 ? `${Math.round(total)} s` : `${Math.floor(total / 60)} min`;
const megabytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MB`;

function showTable(head: string[], rows: (string | number)[][]): void {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(table.toString());
}

async function down(names: string[]): Promise<void> {
  const chosen = names.length === 0 ? [...SERVICE_NAMES] : stackNames(names);
  for (const name of chosen.reverse()) {
    if (await stack.stop(name)) console.error(`stopped ${name}`);
  }
}

/** The named services, without those that they depend on. */
function stackNames(names: string[]): ServiceName[] {
  const meant = names.flatMap((name) => (name === "hdfs" ? ["namenode", "datanode"] : [name]));
  return SERVICE_NAMES.filter((name) => meant.includes(name));
}

async function status({ json = false }: { json?: boolean }): Promise<void> {
  const services = await stack.status();
  if (json) {
    console.log(JSON.stringify(services));
    return;
  }
  showTable(
    ["service", "health", "pid", "port", "up for", "memory"],
    services.map(({ name, health, pid, port, uptimeSeconds, memoryBytes }) => [
      name,
      health,
      pid ?? "",
      port,
      uptimeSeconds === null ? "" : seconds(uptimeSeconds),
      memoryBytes === null ? "" : megabytes(memoryBytes),
    ]),
  );
}

async function doctor({ json = false }: { json?: boolean }): Promise<void> {
  const results = await examine(stack, config);
  const failed = results.filter(({ ok }) => !ok);
  if (json) console.log(JSON.stringify(results));
  else {
    showTable(
      ["", "check", "found", "how to fix it"],
      results.map(({ ok, what, found, remedy }) => [
        ok ? "ok" : "!!",
        what,
        found,
        ok ? "" : (remedy ?? ""),
      ]),
    );
  }
  if (failed.length > 0) {
    throw new LabError(`${failed.length} of ${results.length} checks failed`);
  }
}

async function logs(
  name: ServiceName,
  { follow = false, lines }: { follow?: boolean; lines: string },
) {
  const args = ["-n", lines, ...(follow ? ["-f"] : []), stack.logOf(name)];
  const tail = spawn("tail", args, { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve) => tail.on("close", resolve));
  if (code !== 0) throw new LabError(`${name} has no log yet: npx tsx scripts/stack.ts up ${name}`);
}

async function reset(names: string[], { yes = false }: { yes?: boolean }): Promise<void> {
  // The data of ZooKeeper and Kafka belong together, and so do those of NameNode and DataNode.
  const wanted = names.length === 0 ? [...SERVICE_NAMES] : stackNames(names);
  const whole = (one: ServiceName, other: ServiceName) =>
    wanted.includes(one) || wanted.includes(other) ? [one, other] : [];
  const chosen = [
    ...whole("zookeeper", "kafka"),
    ...whole("namenode", "datanode"),
    ...(wanted.includes("spark") ? (["spark"] as const) : []),
  ];
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new UsageError("reset asks for confirmation on a terminal; elsewhere use --yes");
    const ask = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await ask.question(`Remove all data of ${chosen.join(", ")}? [y/N] `);
    ask.close();
    if (!/^y(es)?$/i.test(answer.trim())) return console.error("nothing was removed");
  }
  await stack.reset(chosen);
  console.error(`removed the data of ${chosen.join(", ")}`);
}

const services = () =>
  new Argument("[names...]", "services; hdfs means namenode and datanode").choices(NAMES);

const program = new Command("stack")
  .description("Starts, watches and stops the real Kafka, HDFS and Spark on this machine.")
  .addHelpText(
    "after",
    `\nThe services listen only on 127.0.0.1. To use other ports, set ${PORT_NAMES.map(portVariable).join(", ")}.\nData, logs and settings are in .lab/stack, or in LAB_STACK_DIR.`,
  )
  .hook("preAction", () => {
    config = readConfig().stack;
    stack = openStack(ROOT, config);
  });
program
  .command("up")
  .description("start services and their dependencies, and wait until they answer (default: all)")
  .addArgument(services())
  .action((names: string[]) => startServices(stack, stack.select(names)));
program
  .command("down")
  .description("stop services cleanly, in order (default: all)")
  .addArgument(services())
  .action(down);
program
  .command("status")
  .description("show what is running: health, pid, port, uptime, memory")
  .option("--json", "print JSON")
  .action(status);
program
  .command("doctor")
  .description("check that this machine has what the stack needs; says how to fix what is missing")
  .option("--json", "print JSON")
  .action(doctor);
program
  .command("logs")
  .description("show the end of a service's log")
  .addArgument(new Argument("<name>").choices([...SERVICE_NAMES]))
  .option("-f, --follow", "keep showing new lines")
  .option("-n, --lines <n>", "number of lines", "40")
  .action(logs);
program
  .command("reset")
  .description("remove the data of services (default: all); asks first")
  .addArgument(services())
  .option("--yes", "do not ask for confirmation")
  .action(reset);

endWith(parseArguments(program, process.argv.slice(2)));
