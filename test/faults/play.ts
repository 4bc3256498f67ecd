import { execFile } from "node:child_process";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { openReceiver, accept, refuse, type Receiver } from "../../labs/alert/receiver.js";
import { openFileLog } from "../../labs/log/file.js";
import { TOPIC } from "../../labs/log/log.js";
import { LOG } from "../../labs/output.js";
import type { Summary } from "../../labs/report/summary.js";
import type { ServiceName } from "../../labs/stack/service.js";
import { localStore } from "../../labs/store/local.js";
import { PRODUCTS, type AlertRow } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { CHECKPOINT } from "../../labs/stream/checkpoint.js";
import { startPipeline, type Command } from "./command.js";
import { damageFile, filesBelow, reuseLock, tearLog } from "./damage.js";
import { mountSmallDisk, type SmallDisk } from "./disk.js";
import { openLiveFeed, type LiveFeed } from "./feed.js";
import {
  countRows,
  differences,
  digestOf,
  liveDifferences,
  readProducts,
  rowsOf,
  unclearRefusal,
  type Ending,
  type Products,
} from "./judge.js";
import type { Fault, Moment, Round } from "./round.js";
import { drawnTape } from "./tape.js";

// Plays one round: an undisturbed run, then the same command under faults until it ends, then the comparison.

/** The real services that a round may disturb. */
export interface Services {
  environment: Record<string, string>;
  /** A store on HDFS. */
  store(path: string): Store;
  /** Signals a service's process. @returns whether it ran */
  signal(name: ServiceName, signal: NodeJS.Signals): Promise<boolean>;
  /** Starts whatever does not run. */
  restore(): Promise<void>;
}

/**
 * How a round ended. same: the products are those of an undisturbed run. refused: the run refused to go on in clear words,
 * and its remedy works. different: neither.
 */
export type Verdict = "same" | "refused" | "different";

/** One fault that was done. */
export interface Done {
  /** What the table at the end counts it as. */
  what: string;
  /** Where it hit. */
  detail: string;
}

export interface Outcome {
  round: Round;
  verdict: Verdict;
  done: Done[];
  kills: number;
  problems: string[];
  rows: number;
  tookMs: number;
}

const POLL_MS = 3;
/** A run may take this long: it waits a minute for a service, and the machine may be busy. */
const DEADLINE_MS = 240_000;
/** How often the same command is started again until nothing is left to do. */
const MAX_STARTS = 12;
/** After the last ticker, before a live run is ended. */
const SETTLE_MS = 1_000;
const LOCK_REFUSAL = ["another run", "is using"];

/** A problem that ends the round at once. */
class Failure extends Error {}

const duration = (ms: number) => `${ms}ms`;

function argsOf(round: Round, files: { tape: string; rules: string }, out: string): string[] {
  const { source } = round;
  const sources: Record<typeof source.kind, () => string[]> = {
    "default tape": () => [],
    "drawn tape": () => ["--tape", files.tape],
    live: () => ["--source", "websocket", "--trigger", duration(round.triggerMs)],
    market: () => {
      const { events, seed, assets } = source as Extract<typeof source, { kind: "market" }>;
      const list = ["--source", "market", "--events", String(events), "--seed", String(seed)];
      return [...list, "--assets", assets.join(",")];
    },
  };
  return [
    ...sources[source.kind](),
    ...["--window", duration(round.windowMs), "--slide", duration(round.slideMs)],
    ...["--watermark", duration(round.watermarkMs), "--partitions", String(round.partitions)],
    ...["--change-threshold", String(round.changeThreshold), "--batch", String(round.batch)],
    ...(round.speed === undefined ? [] : ["--speed", String(round.speed)]),
    ...(round.rules === undefined ? [] : ["--alerts", files.rules]),
    ...(round.services ? ["--log", "kafka", "--engine", round.engine] : []),
    ...["--json", "--out", out],
  ];
}

/** The last line of what a run said that is no line of progress. */
const lastWords = ({ stderr }: Ending) =>
  stderr
    .trimEnd()
    .split("\n")
    .filter((line) => !/ events · /.test(line))
    .at(-1) ?? "";

const parseSummary = ({ stdout }: Ending) => JSON.parse(stdout) as Summary;

/** Whether a run of this checkout can tell whether products are those that its checkpoint committed. */
export async function canVerify(): Promise<boolean> {
  const args = ["--import", "tsx", "scripts/run-pipeline.ts", "--help"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout.includes("--verify");
}

/**
 * Plays a round in a folder.
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
  const began = performance.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const done: Done[] = [];
  const problems: string[] = [];
  let kills = 0;
  let rows = 0;
  let verdict: Verdict = "same";
  const cleanUps: (() => unknown)[] = [];

  const isLive = round.source.kind === "live";
  const files = { tape: join(folder, "tape.jsonl"), rules: join(folder, "rules.json") };
  const place = (name: string) =>
    services === undefined ? join(folder, name) : `/faults/${folder.split("/").at(-1)}/${name}`;
  const storeOf = (name: string) =>
    services === undefined ? localStore(place(name)) : services.store(place(name));
  const outOf = (name: string) => (services === undefined ? place(name) : `hdfs://${place(name)}`);
  const out = place("out");
  const store = storeOf("out");
  let feed: LiveFeed | undefined;
  let receiver: Receiver | undefined;
  let disk: SmallDisk | undefined;
  let lastPid = 0;

  const environment = () => ({
    ...services?.environment,
    ...(feed === undefined ? {} : { COINBASE_URL: feed.url }),
  });

  /** Starts the command on an output; a run that never ends is killed, and is a problem. */
  function start(name = "out", more: readonly string[] = [], maxFileKb?: number): Command {
    const args = [...argsOf(round, files, outOf(name)), ...more];
    const command = startPipeline(args, environment(), maxFileKb);
    const timer = setTimeout(() => {
      problems.push(`a run had not ended after ${DEADLINE_MS / 1_000} s and was killed`);
      command.signal("SIGCONT");
      command.signal("SIGKILL");
    }, DEADLINE_MS);
    command.result.finally(() => clearTimeout(timer)).catch(() => {});
    lastPid = command.pid;
    return command;
  }

  /** The number of the last batch that is committed; -1 before any. */
  async function lastCommit(): Promise<number> {
    const commits = round.engine === "spark" ? "windows/commits" : "commits";
    const names = await store.list(`${CHECKPOINT}/${commits}`).catch((): string[] => []);
    return Math.max(-1, ...names.map(Number).filter(Number.isInteger));
  }

  let quietMs = 5_000;
  let quietBatches = 1;

  /** Waits for a moment of a run. @returns whether it came before the run ended */
  async function reached(command: Command, { by, at, laterMs }: Moment): Promise<boolean> {
    const fromMs = performance.now();
    const pollMs = services === undefined ? POLL_MS : 50;
    async function isReached(): Promise<boolean> {
      if (by === "time") return performance.now() - fromMs >= at * quietMs;
      if (feed !== undefined) return feed.sent.length >= at * round.source.events;
      return (await lastCommit()) + 1 >= at * quietBatches;
    }
    while (!command.hasEnded() && !(await isReached())) await sleep(pollMs);
    await sleep(laterMs);
    return !command.hasEnded();
  }

  /** A run that nothing has hurt must end well. */
  function mustEndWell(ending: Ending, what: string): void {
    if (ending.code === 0) return;
    throw new Failure(
      `${what} ended with ${ending.code ?? ending.signal}: ${lastWords(ending).slice(0, 400)}`,
    );
  }

  /** A run that ended with an error must have said what to do. */
  function mustBeClear(ending: Ending, what: string, names: readonly string[]): void {
    const wrong = unclearRefusal(ending, names);
    if (wrong !== undefined) problems.push(`${what}: ${wrong}`);
  }

  // A run of a live feed ends by Ctrl-C, when everything has been sent.
  async function endOf(command: Command): Promise<Ending> {
    if (feed !== undefined) {
      const { events } = round.source;
      while (!command.hasEnded() && !(feed.sent.length >= events && feed.isSubscribed())) {
        await sleep(20);
      }
      await sleep(SETTLE_MS + 2 * round.triggerMs);
      command.signal("SIGINT");
    }
    return command.result;
  }

  /** The products of the batches that were committed when a live run was killed: they must not change any more. */
  const snapshots: { what: string; files: Map<string, string> }[] = [];
  async function takeSnapshot(what: string): Promise<void> {
    if (!isLive) return;
    const committed = await lastCommit();
    const taken = new Map<string, string>();
    for (const [path, digest] of await digests()) {
      const batch = Number(/part-(\d+)\./.exec(path)?.[1] ?? Infinity);
      if (batch <= committed) taken.set(path, digest);
    }
    snapshots.push({ what, files: taken });
  }
  async function digests(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const product of PRODUCTS) {
      for (const name of await store.list(product)) {
        found.set(`${product}/${name}`, digestOf(await store.read(`${product}/${name}`)));
      }
    }
    return found;
  }

  async function killed(command: Command, what: string): Promise<void> {
    command.signal("SIGKILL");
    const ending = await command.result;
    if (ending.signal !== "SIGKILL") return mustEndWell(ending, "a run before its kill");
    const batch = await lastCommit();
    const where = batch < 0 ? "before the first commit" : `after batch ${batch}`;
    kills++;
    done.push({ what, detail: where });
    await takeSnapshot(`a kill ${where}`);
  }

  async function apply(fault: Fault): Promise<void> {
    switch (fault.do) {
      case "kill": {
        const command = start();
        if (await reached(command, fault.at)) return killed(command, "kill -9");
        return mustEndWell(await command.result, "a run before its kill");
      }
      case "interrupt": {
        const command = start();
        const inTime = await reached(command, fault.at);
        command.signal("SIGINT");
        const ending = await command.result;
        // Before the command has looked at its options Ctrl-C ends it as any program.
        if (ending.signal !== "SIGINT") mustEndWell(ending, "a run ended by Ctrl-C");
        if (!inTime) return;
        done.push({ what: "Ctrl-C", detail: `after batch ${await lastCommit()}` });
        return takeSnapshot("Ctrl-C");
      }
      case "pause": {
        const command = start();
        if (!(await reached(command, fault.at))) {
          return mustEndWell(await command.result, "a run before its pause");
        }
        command.signal("SIGSTOP");
        await sleep(fault.forMs);
        done.push({ what: "pause", detail: `${fault.forMs} ms after batch ${await lastCommit()}` });
        if (fault.thenKill) return killed(command, "kill -9 of a paused run");
        command.signal("SIGCONT");
        if (isLive) {
          // Kept going to the next fault, which is then another run's.
          await sleep(200);
          return killed(command, "kill -9 after a pause");
        }
        return mustEndWell(await command.result, "a run after a pause");
      }
      case "tear": {
        const path = await tearLog(out, fault);
        if (path === undefined) return;
        done.push({
          what: `torn end of the log, ${fault.isCut ? "cut" : "half a record more"}`,
          detail: path,
        });
        return;
      }
      case "lock": {
        if (await reuseLock(out, lastPid, 1)) {
          done.push({ what: "lock with a re-used process id", detail: `${lastPid} is now 1` });
        }
        return;
      }
      case "together":
        return together(fault);
      case "disk":
        return fullDisk(fault);
      case "damage": {
        const path = await damageFile(out, fault);
        if (path === undefined) return;
        done.push({ what: `${fault.place} file: ${fault.harm}`, detail: path });
        damaged = path;
        return;
      }
      case "service":
        return disturbService(fault);
    }
  }

  let damaged: string | undefined;

  async function together({ starts, kill, pauseFirst }: Extract<Fault, { do: "together" }>) {
    const commands = Array.from({ length: starts }, () => start());
    if (pauseFirst && (await reached(commands[0]!, { by: "time", at: 0.3, laterMs: 0 }))) {
      commands[0]!.signal("SIGSTOP");
      await sleep(500);
      commands[0]!.signal("SIGCONT");
    }
    if (kill !== null) {
      await Promise.race([
        Promise.all(commands.map((command) => command.result)),
        Promise.any(
          commands.map(async (command) => {
            if (!(await reached(command, kill))) throw new Error("it ended before");
          }),
        ).catch(() => {}),
      ]);
      for (const command of commands) command.signal("SIGKILL");
    }
    const endings = await Promise.all(commands.map((command) => command.result));
    let added = 0;
    for (const ending of endings) {
      if (ending.signal === "SIGKILL") kills++;
      else if (ending.code === 0) added += parseSummary(ending).newRecords;
      else mustBeClear(ending, "one of several starts", LOCK_REFUSAL);
    }
    if (added > round.source.events * (1 + 0.2)) {
      problems.push(`${starts} starts together read ${added} records in all: two ran at once`);
    }
    const detail = kill === null ? "to the end" : `killed after batch ${await lastCommit()}`;
    done.push({ what: "several starts at once", detail: `${starts}, ${detail}` });
  }

  /** How much an undisturbed run has written, and its largest file, kilobytes. */
  async function quietKilobytes(): Promise<{ all: number; largest: number }> {
    const sizes = await Promise.all(
      (await filesBelow(place("quiet"))).map(async (path) => (await stat(path)).size),
    );
    // A file takes whole pages of a small disk.
    const pages = sizes.map((size) => Math.ceil(size / 4_096) * 4);
    return {
      all: pages.reduce((sum, each) => sum + each, 0),
      largest: Math.ceil(Math.max(...sizes) / 1_024),
    };
  }

  async function fullDisk({ way, at }: Extract<Fault, { do: "disk" }>): Promise<void> {
    const { all, largest } = await quietKilobytes();
    let ending: Ending;
    if (way === "small disk" && disk !== undefined) {
      if (!(await disk.resize(Math.max(64, Math.ceil(at * all))))) return;
      ending = await start().result;
      await disk.resize(1_024 * 1_024);
    } else {
      ending = await start("out", [], Math.max(1, Math.ceil(at * largest))).result;
    }
    if (ending.code === 0) return;
    done.push({ what: `full disk (${way})`, detail: `after batch ${await lastCommit()}` });
    mustBeClear(ending, "a run on a full disk", [out]);
  }

  async function disturbService(fault: Extract<Fault, { do: "service" }>): Promise<void> {
    const { name, how, at, forMs } = fault;
    const command = start();
    if (!(await reached(command, at))) {
      return mustEndWell(await command.result, `a run before ${name} was disturbed`);
    }
    if (await services!.signal(name, how === "kill" ? "SIGKILL" : "SIGSTOP")) {
      if (how === "kill") kills++;
      done.push({ what: `${how} of ${name}`, detail: `after batch ${await lastCommit()}` });
    }
    await sleep(forMs);
    if (how === "pause") await services!.signal(name, "SIGCONT");
    await services!.restore();
    const ending = await command.result;
    if (ending.code === 0) return;
    const names = ["Kafka", "HDFS", "Spark", "NameNode", "DataNode", "safe mode"];
    mustBeClear(ending, `a run without ${name}`, names);
  }

  /** Starts the command until it says that all is done. @returns the last ending */
  async function finish(): Promise<Ending> {
    let ending = await endOf(start());
    for (let starts = 1; ending.code === 0 && starts < MAX_STARTS; starts++) {
      const { alerts, ended } = parseSummary(ending);
      const taken = receiver === undefined || receiver.accepted().length >= alerts;
      if ((ended || isLive) && taken) break;
      ending = await endOf(start());
    }
    return ending;
  }

  function judgeAlerts(found: Products): string[] {
    if (receiver === undefined) return [];
    const rows = rowsOf(found, "alerts") as AlertRow[];
    const stored = rows.map(({ id }) => id);
    const accepted = receiver.accepted().map(({ id }) => id);
    const got = new Set(accepted);
    const kept = new Set(stored);
    const missing = stored.filter((id) => !got.has(id));
    const extra = accepted.filter((id) => !kept.has(id));
    return [
      ...(missing.length > 0
        ? [`the webhook never got ${missing.length} alerts: ${missing[0]}`]
        : []),
      ...(extra.length > 0
        ? [`the webhook got ${extra.length} alerts that are not in alerts/`]
        : []),
      ...(kept.size < stored.length ? ["alerts/: an id comes twice"] : []),
    ];
  }

  async function judgeLive(ending: Ending): Promise<string[]> {
    const log = await openFileLog(join(out, LOG), TOPIC, round.partitions);
    const logged: string[] = [];
    for (const [partition, end] of (await log.endOffsets()).entries()) {
      for await (const records of log.read(partition, 0, end)) {
        for (const { value } of records) logged.push(value);
      }
    }
    await log.close();
    const products = await readProducts(store);
    rows = countRows(products);
    const { watermark } = parseSummary(ending);
    const after = await digests();
    const rewritten = snapshots.flatMap(({ what, files: before }) =>
      [...before]
        .filter(([path, digest]) => after.get(path) !== digest)
        .map(([path]) => `${path} was committed before ${what} and was changed or removed later`),
    );
    return [
      ...rewritten.slice(0, 3),
      ...liveDifferences({
        sent: feed!.sent,
        sentBeforeLastRun: feed!.sentBeforeSubscriber(),
        logged,
        products,
        windows: { windowMs: round.windowMs, slideMs: round.slideMs },
        watermarkMs: watermark === null ? -Infinity : Date.parse(watermark),
        changeThreshold: round.changeThreshold,
      }),
      ...judgeAlerts(products),
    ];
  }

  async function judge(ending: Ending, expected: Products | undefined): Promise<string[]> {
    if (isLive) return judgeLive(ending);
    const found = await readProducts(store);
    rows = countRows(found);
    const strictness =
      round.engine === "spark" ? "rows" : services === undefined ? "bytes" : "files";
    const left = services === undefined ? await leftovers() : [];
    return [...differences(expected!, found, strictness), ...left, ...judgeAlerts(found)];
  }

  /** Files with a dot that an interrupted write has left among the products. */
  async function leftovers(): Promise<string[]> {
    const found: string[] = [];
    for (const product of PRODUCTS) {
      const names = await readdir(join(out, product)).catch((): string[] => []);
      found.push(
        ...names.filter((name) => name.startsWith(".")).map((name) => `${product}/${name}`),
      );
    }
    return found.length === 0 ? [] : [`left over from writing: ${found.slice(0, 3).join(", ")}`];
  }

  /** What a message about a damaged file may call it. */
  const namesOf = (path: string) => [path, join(out, path), path.split("/").slice(0, 2).join("/")];

  /** After damage a run may refuse; then `--fresh` must help. Or the products are others, and `--verify` must say so. */
  async function judgeDamage(ending: Ending, expected: Products | undefined): Promise<void> {
    const path = damaged!;
    if (ending.code !== 0) {
      mustBeClear(ending, `the run after ${path} was damaged`, namesOf(path));
      if (isLive) {
        verdict = "refused";
        return;
      }
      mustEndWell(await start("out", ["--fresh"]).result, "a run with --fresh");
      receiver?.requests.splice(0); // the alerts of the run before have no other ids
      verdict = "refused";
      const again = await finish();
      mustEndWell(again, "a run after --fresh");
      if (receiver !== undefined) receiver = undefined;
      problems.push(...(await judge(again, expected)));
      return;
    }
    const found = await judge(ending, expected);
    if (found.length === 0) return;
    if (!verify) {
      problems.push(`${path} was damaged, and no run said so`, ...found);
      return;
    }
    const verified = await start("out", ["--verify"]).result;
    const wrong = unclearRefusal(verified, namesOf(path));
    if (wrong === undefined) verdict = "refused";
    else problems.push(`${path} was damaged; --verify: ${wrong}`, ...found);
  }

  try {
    const { source } = round;
    if (source.kind === "drawn tape") await writeFile(files.tape, await drawnTape(source.options));
    let expected: Products | undefined;
    if (round.rules !== undefined) {
      await writeFile(files.rules, JSON.stringify({ rules: round.rules }));
    }
    if (source.kind !== "live") {
      const fromMs = performance.now();
      const ending = await start("quiet").result;
      mustEndWell(ending, "the undisturbed run");
      quietMs = performance.now() - fromMs;
      quietBatches = parseSummary(ending).batches;
      expected = await readProducts(storeOf("quiet"));
    } else {
      feed = await openLiveFeed(source.options);
      cleanUps.push(() => feed!.close());
      quietMs = (1_000 * source.events) / source.options.perSecond;
    }
    if (round.rules !== undefined) {
      const opened = await openReceiver(round.refuses ? refuse(503) : accept);
      receiver = opened;
      cleanUps.push(() => opened.close());
      await writeFile(files.rules, JSON.stringify({ webhook: opened.url, rules: round.rules }));
    }
    if (round.faults.some((fault) => fault.do === "disk" && fault.way === "small disk")) {
      disk = await mountSmallDisk(out);
    }
    for (const fault of round.faults) {
      await apply(fault);
      if (receiver !== undefined) receiver.answer = accept;
      if (services !== undefined) await services.restore();
    }
    const ending = await finish();
    if (damaged !== undefined) {
      await judgeDamage(ending, expected);
    } else {
      mustEndWell(ending, "the last run");
      problems.push(...(await judge(ending, expected)));
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problems.push(error.message);
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
  if (problems.length > 0) verdict = "different";
  else {
    await disk?.unmount();
    disk = undefined;
    await rm(folder, { recursive: true, force: true });
  }
  return { round, verdict, done, kills, problems, rows, tookMs: performance.now() - began };
}
