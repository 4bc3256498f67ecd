import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import Table from "cli-table3";
import { killAllPipelines } from "./command.js";
import { unmountAll } from "./disk.js";
import { playRound, type Outcome, type Verdict } from "./play.js";
import { describeRound, drawRound, reproduction, type Round, type Theme } from "./round.js";
import type { Services } from "./stage.js";

/** What a campaign does, and when it ends: after the time, the kills or the rounds, whichever comes first. */
export interface CampaignOptions {
  seed: number;
  /** Where rounds keep their files. */
  folder: string;
  minutes?: number;
  kills?: number;
  /** Plays this round alone. */
  round?: number;
  /** Rounds of these themes only; all by default. */
  only?: readonly Theme[];
  /** Rounds of this engine only; both by default. */
  engine?: Round["engine"];
  /** How many rounds are played at a time. */
  jobs: number;
  services: Services | undefined;
  say: (line: string) => void;
}

export interface CampaignResult {
  outcomes: Outcome[];
  elapsedMs: number;
}

const WORDS: Record<Verdict, string> = {
  same: "same products",
  refused: "refused in clear words, and the remedy works",
  different: "DIFFERENT",
};

function describeOutcome({ round, verdict, done, kills, rows, tookMs }: Outcome): string {
  const counts = new Map<string, string[]>();
  for (const { what, detail } of done) counts.set(what, [...(counts.get(what) ?? []), detail]);
  const faults = [...counts].map(
    ([what, details]) => `${details.length} × ${what} (${details.join("; ")})`,
  );
  return [
    `round ${round.number} ${round.theme}: ${describeRound(round)}`,
    `  ${kills} kills; ${faults.join(", ") || "no fault came in time"}`,
    `  ${WORDS[verdict]} (${rows} rows, ${(tookMs / 1_000).toFixed(1)} s)`,
  ].join("\n");
}

/** Whether this checkout's pipeline can tell whether products are those that its checkpoint committed. */
async function canVerify(): Promise<boolean> {
  const args = ["--import", "tsx", "scripts/run-pipeline.ts", "--help"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout.includes("--verify");
}

/** Plays rounds until the campaign is over, telling each as it ends. */
export async function runCampaign(
  options: CampaignOptions,
  signal: AbortSignal,
): Promise<CampaignResult> {
  const { seed, folder, services, say } = options;
  const beganMs = performance.now();
  const untilMs = options.minutes === undefined ? Infinity : beganMs + options.minutes * 60_000;
  const verify = await canVerify();
  const outcomes: Outcome[] = [];
  let next = options.round ?? 0;
  let kills = 0;

  const isOver = () =>
    signal.aborted ||
    performance.now() >= untilMs ||
    kills >= (options.kills ?? Infinity) ||
    (options.round !== undefined && next > options.round);

  async function lane(): Promise<void> {
    while (!isOver()) {
      const round = drawRound(seed, next++, services !== undefined);
      if (options.only !== undefined && !options.only.includes(round.theme)) continue;
      if (options.engine !== undefined && options.engine !== round.engine) continue;
      const place = join(folder, `${seed}-${round.number}`);
      const outcome = await playRound(round, place, services, verify).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (outcome === undefined || signal.aborted) return; // its runs were ended from outside
      outcomes.push(outcome);
      kills += outcome.kills;
      say(describeOutcome(outcome));
      if (outcome.verdict !== "different") continue;
      await writeFile(join(place, "round.json"), JSON.stringify(round, undefined, 2));
      for (const problem of outcome.problems) say(`  - ${problem}`);
      say(`  to play it again: ${reproduction(round)}; its files: ${place}`);
    }
  }

  signal.addEventListener("abort", killAllPipelines);
  try {
    await Promise.all(Array.from({ length: options.jobs }, lane));
  } finally {
    killAllPipelines();
    if (signal.aborted) await unmountAll();
  }
  return { outcomes, elapsedMs: performance.now() - beganMs };
}

/** Kinds of faults, how often each was done, and how the rounds ended that they were done in. */
export function formatTable(outcomes: readonly Outcome[]): string {
  const kinds = new Map<string, Record<Verdict, number>>();
  for (const { done, verdict } of outcomes) {
    for (const { what } of done) {
      const counts = kinds.get(what) ?? { same: 0, refused: 0, different: 0 };
      counts[verdict]++;
      kinds.set(what, counts);
    }
  }
  const table = new Table({
    head: ["fault", "times", "same products", "clear refusal", "different"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    colAligns: ["left", "right", "right", "right", "right"],
  });
  for (const [what, { same, refused, different }] of [...kinds].sort()) {
    table.push([what, same + refused + different, same, refused, different]);
  }
  return table.toString();
}
