import { statfs } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { join } from "node:path";
import { portVariable, type StackConfig } from "../shared/config.js";
import { errorMessage } from "../shared/errors.js";
import { isThere } from "../shared/files.js";
import { holderOf, isPortFree, run, whoListens } from "./process.js";
import { SERVICES, SERVICE_NAMES, portsOf } from "./service.js";
import type { Stack } from "./stack.js";

/** The result of one check. */
export interface CheckResult {
  what: string;
  ok: boolean;
  found: string;
  /** How to fix it if it is not ok. */
  remedy?: string;
}

const GB = 1024 ** 3;
const DISK_NEEDED = 2 * GB;
const MEMORY_NEEDED = 2.5 * GB;
/** A clock earlier than this is wrong; live events would be rejected for being ahead of it. */
const EARLIEST_MS = Date.UTC(2025, 0);
const gigabytes = (bytes: number) => `${(bytes / GB).toFixed(1)} GB`;

async function java(stack: Stack): Promise<CheckResult> {
  const path = join(stack.places.installed, "java/bin/java");
  const what = "Java 11";
  const remedy = "bash setup/ubuntu-24.04.sh java";
  if (!(await isThere(path))) return { what, ok: false, found: "not in .lab/java", remedy };
  try {
    const { stderr } = await run(path, ["-version"]);
    const version = /version "([^"]+)"/.exec(stderr)?.[1] ?? "unknown";
    return { what, ok: version.startsWith("11."), found: version, remedy };
  } catch (error) {
    return { what, ok: false, found: `does not run: ${errorMessage(error)}`, remedy };
  }
}

async function installed(stack: Stack): Promise<CheckResult[]> {
  const results = new Map<string, CheckResult>();
  const versions = {
    kafka: "Kafka 3.4.1",
    hadoop: "HDFS 3.3.6",
    spark: "Spark 3.5.7",
    registry: "Apicurio 2.6.13",
  };
  for (const name of SERVICE_NAMES) {
    const { component, installed: path, javaHome } = SERVICES[name];
    // Java 11 has a check of its own.
    const needed = javaHome === "java" ? [path] : [path, `${javaHome}/bin/java`];
    let missing: string | undefined;
    for (const each of needed) {
      if (!(await isThere(join(stack.places.installed, each)))) missing ??= each;
    }
    results.set(component, {
      what: versions[component],
      ok: missing === undefined && results.get(component)?.ok !== false,
      found: missing === undefined ? "installed" : `${missing} is missing in .lab/`,
      remedy: `bash setup/ubuntu-24.04.sh ${component}`,
    });
  }
  return [...results.values()];
}

/** Whether each port is free or used by the lab's own service. */
async function ports(stack: Stack, config: StackConfig): Promise<CheckResult[]> {
  const services = await stack.status();
  const results: CheckResult[] = [];
  const needed = services.flatMap(({ name: service, pid }) =>
    portsOf(service, config).map((name) => ({ name, pid, port: config.ports[name] })),
  );
  for (const { name, pid, port } of needed) {
    const what = `port ${port} (${name.replace("_PORT", "").replaceAll("_", " ").toLowerCase()})`;
    if (pid !== null && (await whoListens(port, pid)) === "itself") {
      results.push({ what, ok: true, found: "used by the lab" });
    } else if (await isPortFree(port)) results.push({ what, ok: true, found: "free" });
    else {
      const found = `taken by ${await holderOf(port)}`;
      results.push({ what, ok: false, found, remedy: `stop it, or set ${portVariable(name)}` });
    }
  }
  return results;
}

async function disk(stack: Stack): Promise<CheckResult> {
  const { bavail, bsize } = await statfs(stack.places.root);
  const free = bavail * bsize;
  const remedy = `free ${gigabytes(DISK_NEEDED)}, or set LAB_STACK_DIR to move the data`;
  return { what: "disk", ok: free >= DISK_NEEDED, found: `${gigabytes(free)} free`, remedy };
}

async function memory(stack: Stack): Promise<CheckResult> {
  const used = (await stack.status()).reduce((sum, each) => sum + (each.memoryBytes ?? 0), 0);
  return {
    what: "memory",
    ok: freemem() + used >= MEMORY_NEEDED,
    found: `${gigabytes(totalmem())}, ${gigabytes(freemem())} available`,
    remedy: "close other programs, or start fewer services: npx tsx scripts/stack.ts up kafka hdfs",
  };
}

function clock(): CheckResult {
  const now = new Date();
  const remedy = "set the clock: sudo timedatectl set-ntp true";
  return { what: "clock", ok: now.getTime() > EARLIEST_MS, found: now.toISOString(), remedy };
}

/** Checks everything that the stack needs from this machine. */
export async function examine(stack: Stack, config: StackConfig): Promise<CheckResult[]> {
  return [
    await java(stack),
    ...(await installed(stack)),
    ...(await ports(stack, config)),
    await disk(stack),
    await memory(stack),
    clock(),
  ];
}
