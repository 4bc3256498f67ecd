import { inFolder, inSeconds, inThousands, say, type Benchmark, type Row } from "./benchmark.js";
import { BATCH } from "./market-log.js";
import { runProcess, type Measured } from "./process.js";

const DEFAULT_ROUNDS = 3;

const runPipeline = (root: string, args: readonly string[]) =>
  inFolder((out) => runProcess(root, "scripts/run-pipeline.ts", [...args, "--out", out]));
const megabytes = ({ peakMb }: Measured) => `${peakMb.toFixed(0)} MB peak`;

export const runs: Benchmark = {
  name: "runs",
  help: "run-pipeline.ts as a process: time and memory, with the default options and with --sizes",
  async measure({ root, sizes }) {
    say("the default run …");
    const rounds: Measured[] = [];
    for (let round = 0; round < DEFAULT_ROUNDS; round++) rounds.push(await runPipeline(root, []));
    const middle = rounds.sort((a, b) => a.wallMs - b.wallMs)[Math.floor(DEFAULT_ROUNDS / 2)]!;
    const rows: Row[] = [
      { what: "default run", value: `${inSeconds(middle.wallMs)}, ${megabytes(middle)}` },
    ];
    let first: Measured | undefined;
    for (const events of sizes) {
      say(`the pipeline on ${inThousands(events)} market events …`);
      const market = ["--source", "market", "--events", String(events), "--batch", String(BATCH)];
      const run = await runPipeline(root, market);
      first ??= run;
      rows.push({
        what: `whole pipeline, ${events / 1e6} M market events`,
        value: `${(run.wallMs / 1_000).toFixed(1)} s, ${megabytes(run)}`,
        ratio: `memory ${(run.peakMb / first.peakMb).toFixed(2)}`,
      });
    }
    return rows;
  },
};
