import { readFile, readdir, stat } from "node:fs/promises";
import { Session, type Profiler } from "node:inspector/promises";
import { join } from "node:path";
import { inFolder } from "./benchmark.js";

const MAX_SHARES = 6;
const LEAST_SHARE = 0.03;

/** Where the main thread's time went: a line for each part that took the most, with its share. */
function whereTimeWent({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((each) => [each, id])),
  );
  /** The part of the lab that called a function, directly or not. */
  function partOf(id: number): string {
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
      const { functionName, url } = byId.get(at)!.callFrame;
      const part = partByFunction.get(functionName) ?? partByUrl(url);
      if (part !== undefined) return part;
    }
    return "Node.js itself";
  }
  const parts = new Map(nodes.map(({ id }) => [id, partOf(id)]));
  const byPart = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const part = parts.get(id)!;
    const took = timeDeltas[index] ?? 0;
    byPart.set(part, (byPart.get(part) ?? 0) + took);
    total += took;
  }
  return [...byPart]
    .sort(([, one], [, other]) => other - one)
    .slice(0, MAX_SHARES)
    .filter(([, took]) => took / total >= LEAST_SHARE)
    .map(([part, took]) => `${Math.round((took / total) * 100)} % ${part}`)
    .join("\n");
}

const partByFunction = new Map([
  ["(garbage collector)", "garbage collection"],
  ["(idle)", "waiting"],
]);

function partByUrl(url: string): string | undefined {
  const [, ofLab] = /\/(labs\/[^/]+)/.exec(url) ?? [];
  if (ofLab !== undefined) return ofLab;
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  const isLoading = name === "tsx" || url.startsWith("node:internal/modules");
  return isLoading ? "loading modules" : name;
}

/** Calls a function and returns where its time went, with what it returned. */
export async function profiled(work: () => unknown): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    await work();
    const { profile } = await session.post("Profiler.stop");
    return whereTimeWent(profile);
  } finally {
    session.disconnect();
  }
}

/**
 * Calls a function that starts a process of Node with the given options, and returns where the time of its main thread
 * went.
 */
export async function profiledProcess(
  run: (nodeOptions: readonly string[]) => Promise<unknown>,
): Promise<string> {
  return inFolder(async (folder) => {
    await run(["--cpu-prof", `--cpu-prof-dir=${folder}`]);
    // Each thread writes a profile; the main thread's, of the most functions, is the largest.
    const paths = (await readdir(folder)).map((name) => join(folder, name));
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    const largest = paths[sizes.indexOf(Math.max(...sizes))];
    if (largest === undefined) throw new Error("the process has written no profile");
    return whereTimeWent(JSON.parse(await readFile(largest, "utf8")) as Profiler.Profile);
  });
}
