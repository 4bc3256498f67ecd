import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { accept, openReceiver, refuse, type Receiver } from "../../labs/course/lesson/receiver.js";
import type { Summary } from "../../labs/view/report/summary.js";
import type { ServiceName } from "../../labs/stack/service.js";
import { localStore } from "../../labs/store/local.js";
import { PRODUCT_NAMES } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";
import { CHECKPOINT } from "../../labs/stream/checkpoint.js";
import { startPipeline, type Command } from "./command.js";
import { mountSmallDisk, type SmallDisk } from "./disk.js";
import { openLiveFeed, type LiveFeed } from "./feed.js";
import { digestOf, readProducts, unclearRefusal, type Ending, type Products } from "./judge.js";
import type { Moment, Round } from "./round.js";
import { drawnTape } from "./tape.js";

// What a round is played on: its input, its output, what listens to its alerts, and the undisturbed run to compare with.

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

/** One fault that was done. */
export interface Done {
  /** What the table at the end counts it as. */
  what: string;
  /** Where it hit. */
  detail: string;
}

export interface Stage {
  readonly round: Round;
  readonly services: Services | undefined;
  /** The output folder (on HDFS, its path), and the same of the undisturbed run. */
  readonly out: string;
  readonly quiet: string;
  readonly store: Store;
  readonly isLive: boolean;
  /** The products of the undisturbed run; undefined for a live feed, which never comes twice. */
  readonly expected: Products | undefined;
  /** Of a live feed. */
  readonly feed: LiveFeed | undefined;
  /** Of alerts, where there are rules. */
  readonly receiver: Receiver | undefined;
  /** Mounted at the output folder, where the round fills it. */
  readonly disk: SmallDisk | undefined;
  readonly done: Done[];
  readonly problems: string[];
  kills: number;
  /** The process id of the last start. */
  lastPid: number;
  /** The file that was damaged, by its path in the output folder. */
  damaged: string | undefined;
  /** The products of committed batches when a live run was killed: they must not change any more. */
  readonly snapshots: { what: string; files: Map<string, string> }[];
  /** Starts the round's command. One that never ends is killed, and is a problem. */
  start(more?: readonly string[], maxFileKb?: number): Command;
  /** Waits for a moment of a run. @returns whether it came before the run ended */
  reached(command: Command, moment: Moment): Promise<boolean>;
  /** The number of the last batch that is committed; -1 before any. */
  lastCommit(): Promise<number>;
  /** Digests of all files of the products, by their paths. */
  digests(): Promise<Map<string, string>>;
  close(): Promise<void>;
}

/** Ends a round: a run ended in a way in which it must not. */
export class RoundFailure extends Error {}

const POLL_MS = 3;
/** Asking HDFS costs more than reading a folder. */
const SERVICES_POLL_MS = 50;
/** A run may take this long: it waits a minute for a service, and the machine may be busy. */
const DEADLINE_MS = 600_000;

/** The command line of a round. */
function argsOf(round: Round, files: { tape: string; rules: string }, out: string): string[] {
  const { source } = round;
  const args = ["--json", "--out", out];
  const add = (option: string, value: string | number) => args.push(option, String(value));
  switch (source.kind) {
    case "default tape":
      break;
    case "drawn tape":
      add("--tape", files.tape);
      break;
    case "market":
      add("--source", "market");
      add("--events", source.events);
      add("--seed", source.seed);
      add("--assets", source.assets.join(","));
      break;
    case "live":
      add("--source", "websocket");
      add("--trigger", `${round.triggerMs}ms`);
  }
  add("--window", `${round.windowMs}ms`);
  add("--slide", `${round.slideMs}ms`);
  add("--watermark", `${round.watermarkMs}ms`);
  add("--change-threshold", round.changeThreshold);
  add("--partitions", round.partitions);
  add("--batch", round.batch);
  if (round.speed !== undefined) add("--speed", round.speed);
  if (round.rules !== undefined) add("--alerts", files.rules);
  if (round.services) {
    add("--log", "kafka");
    add("--engine", round.engine);
  }
  return args;
}

export const parseSummary = ({ stdout }: Ending) => JSON.parse(stdout) as Summary;

/** The last line of what a run said that is no line of progress. */
const lastWords = ({ stderr }: Ending) =>
  stderr
    .trimEnd()
    .split("\n")
    .filter((line) => !/ events · /.test(line))
    .at(-1) ?? "";

/** A run that nothing has hurt must end well. @throws RoundFailure if it did not */
export function mustEndWell(ending: Ending, what: string): void {
  if (ending.code === 0) return;
  throw new RoundFailure(
    `${what} ended with ${ending.code ?? ending.signal}: ${lastWords(ending).slice(0, 400)}`,
  );
}

/** A run that ended with an error must have said what to do. */
export function mustBeClear(
  { problems }: Stage,
  ending: Ending,
  what: string,
  names: readonly string[],
): void {
  const wrong = unclearRefusal(ending, names);
  if (wrong !== undefined) problems.push(`${what}: ${wrong}`);
}

/** Prepares a round in an empty folder, and runs its command undisturbed. */
export async function openStage(
  round: Round,
  folder: string,
  services: Services | undefined,
): Promise<Stage> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { source, rules } = round;
  const files = { tape: join(folder, "tape.jsonl"), rules: join(folder, "rules.json") };
  const place = (name: string) =>
    services === undefined ? join(folder, name) : `/faults/${basename(folder)}/${name}`;
  const storeOf = (path: string) => services?.store(path) ?? localStore(path);
  const [out, quiet] = [place("out"), place("quiet")];
  const store = storeOf(out);
  const problems: string[] = [];
  let feed: LiveFeed | undefined;

  function startOn(path: string, more: readonly string[] = [], maxFileKb?: number): Command {
    const url = services === undefined ? path : `hdfs://${path}`;
    const environment = { ...services?.environment, ...(feed && { COINBASE_URL: feed.url }) };
    const command = startPipeline([...argsOf(round, files, url), ...more], environment, maxFileKb);
    const timer = setTimeout(() => {
      problems.push(`a run had not ended after ${DEADLINE_MS / 1_000} s and was killed`);
      command.signal("SIGKILL");
    }, DEADLINE_MS);
    void command.result.finally(() => clearTimeout(timer));
    return command;
  }

  if (source.kind === "drawn tape") await writeFile(files.tape, await drawnTape(source.options));
  const writeRules = (webhook?: string) =>
    rules && writeFile(files.rules, JSON.stringify({ webhook, rules }));
  await writeRules();

  let quietMs: number;
  let quietBatches = 0;
  let expected: Products | undefined;
  if (source.kind === "live") {
    feed = await openLiveFeed(source.options);
    quietMs = (1_000 * source.events) / source.options.perSecond;
  } else {
    const fromMs = performance.now();
    const ending = await startOn(quiet).result;
    mustEndWell(ending, "the undisturbed run");
    quietMs = performance.now() - fromMs;
    quietBatches = parseSummary(ending).batches;
    expected = await readProducts(storeOf(quiet));
  }
  const receiver = rules && (await openReceiver(round.refuses ? refuse(503) : accept));
  await writeRules(receiver?.url);
  const isSmall = round.faults.some((fault) => fault.do === "disk" && fault.way === "small disk");
  const disk = isSmall ? await mountSmallDisk(out) : undefined;

  async function lastCommit(): Promise<number> {
    const commits = round.engine === "spark" ? "windows/commits" : "commits";
    // HDFS may be away just now.
    const names = await store.list(`${CHECKPOINT}/${commits}`).catch((): string[] => []);
    return Math.max(-1, ...names.map(Number).filter(Number.isInteger));
  }

  async function reached(command: Command, { by, at, laterMs }: Moment): Promise<boolean> {
    const fromMs = performance.now();
    async function isReached(): Promise<boolean> {
      if (by === "time") return performance.now() - fromMs >= at * quietMs;
      if (feed !== undefined) return feed.sent.length >= at * source.events;
      return (await lastCommit()) + 1 >= at * quietBatches;
    }
    while (!command.hasEnded() && !(await isReached())) {
      await sleep(services === undefined ? POLL_MS : SERVICES_POLL_MS);
    }
    await sleep(laterMs);
    return !command.hasEnded();
  }

  async function digests(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const product of PRODUCT_NAMES) {
      for (const name of await store.list(product)) {
        found.set(`${product}/${name}`, digestOf(await store.read(`${product}/${name}`)));
      }
    }
    return found;
  }

  const stage: Stage = {
    round,
    services,
    out,
    quiet,
    store,
    expected,
    feed,
    receiver,
    disk,
    problems,
    reached,
    lastCommit,
    digests,
    isLive: source.kind === "live",
    done: [],
    snapshots: [],
    kills: 0,
    lastPid: 0,
    damaged: undefined,
    start(more, maxFileKb) {
      const command = startOn(out, more, maxFileKb);
      stage.lastPid = command.pid;
      return command;
    },
    close: async () => {
      feed?.close();
      receiver?.close();
      // A round that failed keeps its files, and so its disk.
      if (stage.problems.length > 0) return;
      await disk?.unmount();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return stage;
}
