import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { market } from "../../labs/source/market.js";
import {
  compare,
  compareWithAim,
  inFolder,
  inSeconds,
  inThousands,
  say,
  timed,
  type Benchmark,
  type Row,
} from "./benchmark.js";
import { parseValues } from "./market-log.js";
import { profiledProcess } from "./profile.js";
import { runProcess } from "./process.js";

const EVENTS = 1_000_000;
const MANY = 10;
/** Spark reads one file per micro-batch. */
const SPARK_FILES = 10;

/** The whole process on a tape of a million events, against JSON.parse of its bytes and other systems. */
export const tape: Benchmark = {
  name: "tape",
  help: "the whole pipeline on a tape of 1 M and 10 M events: JSON.parse, DuckDB, Spark and ours",
  async measure({ root }) {
    return inFolder(async (folder) => {
      say(`making a tape of ${inThousands(EVENTS)} events of 100 assets …`);
      const one = await makeTape(folder, EVENTS, SPARK_FILES);
      const { parse } = await compare({ parse: () => parseValues(one.bytes) });
      const rows: Row[] = [
        { what: "tape, 1 M events: JSON.parse of its bytes", value: inSeconds(parse), ratio: "1" },
      ];
      const add = (what: string, ms: number, { extra = "", aim, where }: Details = {}) =>
        rows.push({
          what: `tape, ${what}`,
          value: `${inSeconds(ms)}${extra}`,
          ratio: (ms / parse).toFixed(1),
          aim: aim === undefined ? undefined : compareWithAim(ms / parse, aim),
          where,
        });
      for (const peer of PEERS) {
        say(`${peer.name} …`);
        const ms = await runPeer(root, folder, peer);
        if (ms === undefined)
          rows.push({ what: `tape, 1 M events: ${peer.name}`, value: peer.missing });
        else add(`1 M events: ${peer.name}`, ms);
      }
      let runs = 0;
      const ours = async (
        path: string,
        options: readonly string[],
        nodeOptions: readonly string[] = [],
      ) => {
        say(`ours, ${[...options, ...nodeOptions.slice(0, 1)].join(" ")} …`);
        // Removed only at the end: thousands of files that were just removed slow down some file systems.
        const out = join(folder, `out-${runs++}`);
        return runProcess(
          root,
          "scripts/run-pipeline.ts",
          [...["--source", "replay", "--tape", path, "--out", out], ...options],
          nodeOptions,
        );
      };
      let oneMs = NaN;
      for (const batch of ["10000", "1000"]) {
        const where = await profiledProcess((node) => ours(one.path, ["--batch", batch], node));
        for (const sync of [[], ["--no-fsync"]]) {
          const { wallMs, peakMb } = await ours(one.path, ["--batch", batch, ...sync]);
          if (batch === "10000" && sync.length === 0) oneMs = wallMs;
          const what = `1 M events: ours, --batch ${[batch, ...sync].join(" ")}`;
          add(what, wallMs, {
            extra: `, ${peakMb.toFixed(0)} MB peak`,
            aim: batch === "10000" ? 10 : 16,
            where: sync.length === 0 ? where : undefined,
          });
        }
      }
      say(`making a tape of ${inThousands(EVENTS * MANY)} events …`);
      const many = await makeTape(join(folder, "many"), EVENTS * MANY, 1);
      const { wallMs, peakMb } = await ours(many.path, ["--batch", "10000"]);
      rows.push({
        what: "tape, 10 M events: ours, --batch 10000",
        value: `${inSeconds(wallMs)}, ${peakMb.toFixed(0)} MB peak`,
        ratio: `${(wallMs / oneMs).toFixed(1)} × the time of 1 M`,
        aim: `time ${compareWithAim(wallMs / oneMs, 10.5)}; memory ${compareWithAim(peakMb, 400, " MB")}`,
      });
      return rows;
    });
  },
};

interface Details {
  extra?: string;
  aim?: number;
  where?: string;
}

/** Writes a tape of market events as JSON lines. @param pieces the number of equal files that Spark reads instead */
async function makeTape(folder: string, events: number, pieces: number) {
  await mkdir(join(folder, "pieces"), { recursive: true });
  const path = join(folder, "tape.jsonl");
  const file = await open(path, "w");
  const source = market({ seed: 1, events, assets: 100, malformed: 0 });
  const lines: string[] = [];
  const bytes: Buffer[] = [];
  let piece = 0;
  for await (const messages of source.messages(new AbortController().signal)) {
    for (const { value } of messages) lines.push(value);
    if (pieces > 1 && lines.length < events / pieces) continue;
    const content = Buffer.from(`${lines.splice(0).join("\n")}\n`);
    await file.write(content);
    if (pieces === 1) continue;
    bytes.push(content);
    await writeFile(join(folder, "pieces", `${piece++}.json`), content);
  }
  await file.close();
  return { path, bytes: Buffer.concat(bytes) };
}

interface Peer {
  name: string;
  script: string;
  /** What it reads, in the folder of the tape. */
  input: string;
  /** The Python package it needs. */
  module: string;
  missing: string;
}

const PEERS: readonly Peer[] = [
  {
    name: "DuckDB, one batch, two threads",
    script: "duckdb_tape.py",
    input: "tape.jsonl",
    module: "duckdb",
    missing: "skipped: not installed (.lab/venv/bin/pip install duckdb)",
  },
  {
    name: "Spark local[2], cold, prices and windows",
    script: "spark_tape.py",
    input: "pieces",
    module: "pyspark",
    missing: "skipped: not installed (bash setup/ubuntu-24.04.sh spark)",
  },
];

/** How long a peer takes as a process, milliseconds; undefined if it is not installed. */
async function runPeer(root: string, folder: string, peer: Peer): Promise<number | undefined> {
  const python = join(root, ".lab/venv/bin/python");
  const env = {
    ...process.env,
    JAVA_HOME: join(root, ".lab/java"),
    PYSPARK_PYTHON: python,
    SPARK_LOCAL_IP: "127.0.0.1",
  };
  const run = (...args: string[]) =>
    new Promise<number | null>((resolve) => {
      spawn(python, args, { env, stdio: ["ignore", "ignore", "ignore"] })
        .on("error", () => resolve(null))
        .on("close", resolve);
    });
  if (!existsSync(python) || (await run("-c", `import ${peer.module}`)) !== 0) return undefined;
  return inFolder(async (out) => {
    let code: number | null = null;
    const ms = await timed(async () => {
      code = await run(join(root, "test/bench/peers", peer.script), join(folder, peer.input), out);
    });
    if (code !== 0) throw new Error(`${peer.script} ended with exit code ${String(code)}`);
    return ms;
  });
}
