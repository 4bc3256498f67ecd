import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { accept } from "../../labs/course/lesson/receiver.js";
import { openFileLog } from "../../labs/log/file.js";
import { TOPIC } from "../../labs/log/log.js";
import { LOG } from "../../labs/run/output-folder.js";
import { PRODUCT_NAMES, type AlertRow } from "../../labs/store/products.js";
import { applyFault } from "./apply.js";
import type { Command } from "./command.js";
import {
  countRows,
  differences,
  liveDifferences,
  readProducts,
  rowsOf,
  unclearRefusal,
  type Ending,
  type Products,
} from "./judge.js";
import type { Round } from "./round.js";
import {
  RoundFailure,
  mustBeClear,
  mustEndWell,
  openStage,
  parseSummary,
  type Done,
  type Services,
  type Stage,
} from "./stage.js";

// Plays one round: an undisturbed run, then the same command under faults until it ends, then the comparison.

/**
 * How a round ended. same: the products are those of an undisturbed run. refused: a damaged file was named in clear words
 * (and `--fresh` helped). different: neither.
 */
export type Verdict = "same" | "refused" | "different";

export interface Outcome {
  round: Round;
  verdict: Verdict;
  done: Done[];
  kills: number;
  problems: string[];
  /** Rows of all products together. */
  rows: number;
  tookMs: number;
}

/** How often the same command is started again until nothing is left to do. */
const MAX_STARTS = 12;
/** After the last ticker, before a live run is ended. */
const SETTLE_MS = 1_000;
const MAX_TOLD = 3;

/**
 * Plays a round in a folder, which is kept where there is a problem.
 *
 * @param services the real services, where the round is about them
 * @param verify whether the pipeline has `--verify`
 */
export async function playRound(
  round: Round,
  folder: string,
  services: Services | undefined,
  verify: boolean,
): Promise<Outcome> {
  const beganMs = performance.now();
  const tookMs = () => performance.now() - beganMs;
  let stage: Stage | undefined;
  let verdict: Verdict = "same";
  try {
    stage = await openStage(round, folder, services);
    for (const fault of round.faults) {
      await applyFault(stage, fault);
      if (stage.receiver !== undefined) stage.receiver.answer = accept;
      await services?.restore();
    }
    const ending = await finish(stage);
    if (stage.damaged !== undefined) {
      verdict = await judgeDamage(stage, ending, stage.damaged, verify);
    } else {
      mustEndWell(ending, "the last run");
      stage.problems.push(...(await judge(stage, ending)));
    }
  } catch (error) {
    if (!(error instanceof RoundFailure)) throw error;
    if (stage === undefined) {
      const problems = [error.message];
      return {
        round,
        problems,
        done: [],
        kills: 0,
        rows: 0,
        verdict: "different",
        tookMs: tookMs(),
      };
    }
    stage.problems.push(error.message);
  }
  const { done, kills, problems } = stage;
  if (problems.length > 0) verdict = "different";
  const rows = countRows(await readProducts(stage.store));
  await stage.close();
  return { round, verdict, done, kills, problems, rows, tookMs: tookMs() };
}

/** Waits for the end of a run; one from a live feed is ended by Ctrl-C when everything has been sent. */
async function endOf({ feed, round }: Stage, command: Command): Promise<Ending> {
  if (feed !== undefined) {
    const isSent = () => feed.sent.length >= round.source.events && feed.isSubscribed();
    while (!command.hasEnded() && !isSent()) await sleep(20);
    await sleep(SETTLE_MS + 2 * round.triggerMs);
    command.signal("SIGINT");
  }
  return command.result;
}

/** Starts the command until it says that all is done. @returns how the last one ended */
async function finish(stage: Stage): Promise<Ending> {
  const { receiver, isLive } = stage;
  let ending = await endOf(stage, stage.start());
  for (let starts = 1; ending.code === 0 && starts < MAX_STARTS; starts++) {
    const { alerts, ended } = parseSummary(ending);
    const isDelivered = receiver === undefined || receiver.accepted().length >= alerts;
    if ((ended || isLive) && isDelivered) break;
    ending = await endOf(stage, stage.start());
  }
  return ending;
}

async function judge(stage: Stage, ending: Ending): Promise<string[]> {
  const { round, services, expected } = stage;
  const found = await readProducts(stage.store);
  const strictness = round.engine === "spark" ? "rows" : services === undefined ? "bytes" : "files";
  return [
    ...(expected === undefined
      ? await judgeLive(stage, ending, found)
      : differences(expected, found, strictness)),
    ...(services === undefined ? await leftovers(stage.out) : []),
    ...judgeAlerts(stage, found),
  ];
}

async function judgeLive(stage: Stage, ending: Ending, products: Products): Promise<string[]> {
  const { round, feed } = stage;
  const log = await openFileLog(join(stage.out, LOG), TOPIC, round.partitions);
  const logged: string[] = [];
  for (const [partition, end] of (await log.endOffsets()).entries()) {
    for await (const records of log.read(partition, 0, end)) {
      for (const { value } of records) logged.push(String(value));
    }
  }
  await log.close();
  const { watermark } = parseSummary(ending);
  const after = await stage.digests();
  const rewritten = stage.snapshots.flatMap(({ what, files }) =>
    [...files]
      .filter(([path, digest]) => after.get(path) !== digest)
      .map(([path]) => `${path} was committed before ${what}, and was changed or removed later`),
  );
  return [
    ...rewritten.slice(0, MAX_TOLD),
    ...liveDifferences({
      sent: feed!.sent,
      sentBeforeLastRun: feed!.sentBeforeSubscriber(),
      logged,
      products,
      windows: { windowMs: round.windowMs, slideMs: round.slideMs },
      watermarkMs: watermark === null ? -Infinity : Date.parse(watermark),
      changeThreshold: round.changeThreshold,
    }),
  ];
}

/** Every alert is with the webhook, and no other one; `accepted()` takes each id once, as a receiver does. */
function judgeAlerts({ receiver }: Stage, found: Products): string[] {
  if (receiver === undefined) return [];
  const stored = (rowsOf(found, "alerts") as AlertRow[]).map(({ id }) => id);
  const accepted = receiver.accepted().map(({ id }) => id);
  const [kept, got] = [new Set(stored), new Set(accepted)];
  const missing = stored.filter((id) => !got.has(id));
  const extra = accepted.filter((id) => !kept.has(id));
  return [
    ...(kept.size < stored.length ? ["alerts/: an id comes twice"] : []),
    ...(missing.length > 0
      ? [`${missing.length} alerts never came to the webhook: ${missing[0]}`]
      : []),
    ...(extra.length > 0
      ? [`the webhook has ${extra.length} alerts that alerts/ lacks: ${extra[0]}`]
      : []),
  ];
}

/** Files with a dot that an interrupted write has left among the products. */
async function leftovers(out: string): Promise<string[]> {
  const found: string[] = [];
  for (const product of PRODUCT_NAMES) {
    const names = await readdir(join(out, product)).catch((): string[] => []);
    found.push(...names.filter((name) => name.startsWith(".")).map((name) => `${product}/${name}`));
  }
  return found.length === 0
    ? []
    : [`left over from writing: ${found.slice(0, MAX_TOLD).join(", ")}`];
}

/** What a message about a damaged file may call it: its path, or its folder. */
const namesOf = (path: string) => [path, path.split("/").slice(0, -1).join("/")];

/** After damage a run refuses, and `--fresh` helps; or the products are the same; or `--verify` says that they are not. */
async function judgeDamage(
  stage: Stage,
  ending: Ending,
  path: string,
  verify: boolean,
): Promise<Verdict> {
  const { problems, receiver, isLive } = stage;
  if (ending.code !== 0) {
    mustBeClear(stage, ending, `the run after ${path} was damaged`, namesOf(path));
    if (isLive) return "refused"; // what the feed has sent does not come again
    mustEndWell(await stage.start(["--fresh"]).result, "a run with --fresh");
    if (receiver !== undefined) receiver.requests.length = 0;
    const again = await finish(stage);
    mustEndWell(again, "a run after --fresh");
    const remaining = (await judge(stage, again)).filter((problem) => !problem.includes("webhook"));
    problems.push(...remaining);
    return "refused";
  }
  const found = await judge(stage, ending);
  if (found.length === 0) return "same";
  if (!verify) {
    problems.push(`${path} was damaged, and no run said so`, ...found);
    return "different";
  }
  const wrong = unclearRefusal(await stage.start(["--verify"]).result, namesOf(path));
  if (wrong === undefined) return "refused";
  problems.push(`${path} was damaged; --verify: ${wrong}`, ...found);
  return "different";
}
