import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { relative } from "node:path";
import Table from "cli-table3";
import type { StackConfig } from "../shared/config.js";
import { confirm } from "../shared/confirm.js";
import { LabError, UsageError, errorMessage } from "../shared/errors.js";
import { exitCode } from "../shared/process.js";
import { examine } from "./doctor.js";
import { installCommand, requireInstalled } from "./installation.js";
import { SERVICE_NAMES, type ServiceName } from "./service.js";
import type { Stack } from "./stack.js";

const seconds = (total: number) =>
  total < 120 ? `${Math.round(total)} s` : `${Math.floor(total / 60)} min`;
const megabytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MB`;

function showTable(head: string[], rows: (string | number)[][]): void {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(table.toString());
}

/** Stops services in reverse order of their dependencies; all if none are named. `hdfs` stands for its two services. */
export async function stopServices(stack: Stack, names: readonly string[]): Promise<void> {
  for (const name of chosenServices(names).reverse()) {
    if (await stack.stop(name)) console.error(`stopped ${name}`);
  }
}

/** The named services, without those that they depend on; all if none are named. */
function chosenServices(names: readonly string[]): ServiceName[] {
  if (names.length === 0) return [...SERVICE_NAMES];
  const meant = names.flatMap((name) => (name === "hdfs" ? ["namenode", "datanode"] : [name]));
  return SERVICE_NAMES.filter((name) => meant.includes(name));
}

/** Checks that a service answers at its address. @throws LabError if it does not */
export async function pingService(stack: Stack, name: ServiceName): Promise<void> {
  await stack.answers(name).catch((error: unknown) => {
    if (error instanceof LabError) throw error;
    throw new LabError(`${name} does not answer: ${errorMessage(error)}`);
  });
  console.error(`${name} answers`);
}

/** Says how to use the secured services. */
export async function showSecured(stack: Stack, names: readonly ServiceName[]): Promise<void> {
  const { quoted, variablesFile } = await import("./secure.js");
  const file = (name: "lab" | "reader" | "hdfs") =>
    quoted(relative(".", variablesFile(stack.places, name)));
  if (names.includes("datanode")) {
    console.error(
      `HDFS over HTTPS: localhost:${stack.config.ports.NAMENODE_HTTPS_PORT}. To use it in this terminal: source ${file("hdfs")}`,
    );
  }
  if (!names.includes("kafka")) return;
  console.error(
    `Kafka with TLS and passwords: localhost:${stack.config.ports.KAFKA_TLS_PORT}. To use it in this terminal: source ${file("lab")}\n` +
      `(${file("reader")} is a user who may only read.)`,
  );
}

/** Shows what is running, as a table or as JSON. */
export async function showStatus(
  stack: Stack,
  { json = false }: { json?: boolean },
): Promise<void> {
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
  const missing = services.filter(({ health }) => health === "not installed");
  if (missing.length > 0) {
    console.error(`to install: ${installCommand(missing.map(({ name }) => name))}`);
  }
}

/** Checks what the stack needs from this machine. @throws LabError if a check failed */
export async function showDoctor(
  stack: Stack,
  config: StackConfig,
  { json = false }: { json?: boolean },
): Promise<void> {
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

/** Shows the end of a service's log. @throws LabError if it has none, saying what to do; UsageError if `lines` is not a number */
export async function showLog(
  stack: Stack,
  name: ServiceName,
  { follow = false, lines }: { follow?: boolean; lines: string },
) {
  if (!/^\d+$/.test(lines)) throw new UsageError(`-n takes a number of lines, not ${lines}`);
  if (!existsSync(stack.logOf(name))) {
    await requireInstalled(stack.places, [name]);
    throw new LabError(`${name} has no log yet: npx tsx scripts/stack.ts up ${name}`);
  }
  const args = ["-n", lines, ...(follow ? ["-f"] : []), stack.logOf(name)];
  const code = await exitCode(spawn("tail", args, { stdio: ["ignore", "inherit", "inherit"] }));
  if (code !== 0) throw new LabError(`cannot show the log of ${name}`);
}

/** Removes the data of services; asks for confirmation unless `yes`. */
export async function resetServices(
  stack: Stack,
  names: readonly string[],
  { yes = false }: { yes?: boolean },
): Promise<void> {
  // The data of ZooKeeper and Kafka belong together, and so do those of NameNode and DataNode.
  const wanted = chosenServices(names);
  const whole = (one: ServiceName, other: ServiceName) =>
    wanted.includes(one) || wanted.includes(other) ? [one, other] : [];
  const chosen = [
    ...whole("zookeeper", "kafka"),
    ...whole("namenode", "datanode"),
    ...wanted.filter((name) => name === "spark" || name === "registry"),
  ];
  const question = `Remove all data of ${chosen.join(", ")}?`;
  if (!yes && !(await confirm(question))) return console.error("nothing was removed");
  await stack.reset(chosen);
  console.error(`removed the data of ${chosen.join(", ")}`);
}
