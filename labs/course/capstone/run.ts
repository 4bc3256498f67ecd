import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connectTopic, type TopicCluster } from "../../log/kafka/cluster.js";
import { freshTopic, removeTopics } from "../../log/kafka/topics.js";
import { ownAddresses, readConfig } from "../../shared/config.js";
import { LabError, UsageError } from "../../shared/errors.js";
import { lockFile, lockHolder } from "../../shared/lock.js";
import { sleep } from "../../shared/wait.js";
import { openStack } from "../../stack/stack.js";
import { startServices } from "../../stack/start.js";
import { hdfsStore } from "../../store/hdfs.js";
import type { Store } from "../../store/store.js";
import { startFeed, type FeedServer } from "./feed.js";
import { filesIn, readRejected, readTrades, readWindows } from "./products.js";
import { startProgram, type RunningProgram } from "./programs.js";
import { score, type Outcome, type RubricLine } from "./score.js";
import { VENUES, allMessages, generateSession, type Session } from "./session.js";
import { addPoison, countRecords, readRecords, type Place } from "./topic.js";
import { watchWindows } from "./watch.js";

// Runs the learner's programs against the feed, disturbs them, and reads what they have left.

const PARTITIONS = 3;
const POLL_MS = 100;
const FAST_POLL_MS = 10;
const RUN_LIMIT_MS = 120_000;
const PATIENCE_MS = 30_000;
/** How much of the feed is in the topic when something is done. */
const POISON_AT = 0.3;
const KILL_PRODUCER_AT = 0.4;
/** How much more of the feed is released when poison and kill no longer wait for the topic: a producer may write late. */
const FEED_AHEAD = 0.2;
const KILL_QUERY_AT = [0.55, 0.75] as const;
/** How long new files are waited for before the query is killed all the same. */
const NEW_FILES_MS = 4_000;
const RESTART_MS = 300;
/** How long the query may still run after the producer has failed. */
const AFTER_FAILURE_MS = 5_000;

const INTERRUPTIONS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PRODUCTS = ["trades", "windows", "rejected"];
const PROGRAMS = ["producer", "query"] as const;
type ProgramName = (typeof PROGRAMS)[number];

/** Where one run reads and writes. */
export interface Workplace {
  session: Session;
  feed: FeedServer;
  brokers: string[];
  topic: string;
  store: Store;
  /** The environment variables of the programs. */
  environment: Record<string, string>;
  /** Closes the feed; topic and folder stay. */
  close(): Promise<void>;
}

/**
 * Starts Kafka, HDFS and the feed, with a new topic and a new folder.
 *
 * @param root the project's root
 * @param purpose topic and folder of an earlier run for the same purpose are removed
 * @throws LabError if Kafka or HDFS is not installed or does not start, or another command has the same purpose
 */
export async function prepare(
  root: string,
  purpose: "check" | "build",
  seed: number,
): Promise<Workplace> {
  const { stack: config } = readConfig();
  const stack = openStack(root, config);
  await startServices(stack, stack.select(["kafka", "hdfs"]));
  const lockPath = join(stack.places.run, `capstone-${purpose}.lock`);
  const lock = await lockFile(lockPath);
  if (lock === undefined) {
    throw new LabError(
      `another command of the capstone is running (${await lockHolder(lockPath)}): wait for it, or stop it`,
    );
  }
  const { brokers, hdfs, sparkRemote } = ownAddresses(config);
  const prefix = `capstone-${purpose}-`;
  await removeTopics({ brokers }, prefix);
  await hdfsStore({ ...hdfs, path: "/capstone" }, true).remove(purpose);
  const run = Date.now().toString(36);
  const topic = `${prefix}${run}`;
  await freshTopic({ brokers }, topic, PARTITIONS);
  const path = `/capstone/${purpose}/${run}`;
  const store = hdfsStore({ ...hdfs, path }, true);
  await store.makeFolder("");
  const session = generateSession(seed);
  const feed = await startFeed(session);
  const environment = {
    FEED_URL: feed.url,
    KAFKA_BROKERS: brokers.join(","),
    TOPIC: topic,
    HDFS_URL: `hdfs://${hdfs.host}:${hdfs.rpcPort}`,
    WEBHDFS_URL: `http://${hdfs.host}:${hdfs.httpPort}`,
    OUT: path,
    SPARK_REMOTE: sparkRemote,
  };
  async function close(): Promise<void> {
    await feed.close();
    await lock!.release();
  }
  return { session, feed, brokers, topic, store, environment, close };
}

/** The files of the capstone in a folder. @throws UsageError if one is missing */
export async function readAnswer(folder: string): Promise<Record<ProgramName | "note", string>> {
  const read = (name: string) =>
    readFile(join(folder, name), "utf8").catch(() => {
      throw new UsageError(
        `${folder} has no ${name}: expected producer.ts, query.ts and design.md`,
        false,
      );
    });
  return {
    producer: await read("producer.ts"),
    query: await read("query.ts"),
    note: await read("design.md"),
  };
}

/**
 * Runs the programs of a folder to their end, kills them on the way, and scores what they have left.
 *
 * @param folder the folder of the programs
 * @param say called with what happens
 */
export async function runCapstone(
  root: string,
  folder: string,
  place: Workplace,
  say: (line: string) => void,
): Promise<RubricLine[]> {
  const { session, feed, brokers, topic, store, environment } = place;
  const { note } = await readAnswer(folder);
  const cluster = connectTopic({ brokers, topic, patienceMs: PATIENCE_MS });
  const startedMs = performance.now();
  const log = (what: string) =>
    say(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s  ${what}`);
  function start(name: ProgramName): RunningProgram {
    const program = startProgram(root, join(folder, `${name}.ts`), environment);
    void program.ended.then(({ code }) => {
      if (code !== null) log(`${name}.ts ended with exit code ${code}`);
    });
    return program;
  }
  const running: Record<ProgramName, RunningProgram> = {
    producer: start("producer"),
    query: start("query"),
  };
  log("producer.ts and query.ts started");
  function interrupted(): void {
    for (const name of PROGRAMS) void running[name].kill();
    process.exit(130);
  }
  for (const signal of INTERRUPTIONS) process.once(signal, interrupted);
  const watch = watchWindows(store, session, feed);
  try {
    const poison = await disturb(place, cluster, running, start, log);
    await untilEnded(running, startedMs + RUN_LIMIT_MS, log);
    await watch.stop();
    const ends = { producer: running.producer.end(), query: running.query.end() };
    for (const name of PROGRAMS) await running[name].kill(); // what still runs must not write any more
    const outcome: Outcome = {
      session,
      poison,
      note,
      ends,
      topic: await readRecords(cluster),
      trades: await readTrades(store),
      windows: await readWindows(store),
      rejected: await readRejected(store),
      halfWritten: watch.halfWritten,
      latenciesMs: watch.latenciesMs(),
    };
    log("score");
    return score(outcome);
  } finally {
    for (const signal of INTERRUPTIONS) process.off(signal, interrupted);
    for (const name of PROGRAMS) await running[name].kill();
    await watch.stop().catch(() => {});
    await cluster.close();
  }
}

/** Adds poison, and kills and restarts the programs, as the topic fills. @returns where the poison is */
async function disturb(
  { session, feed, brokers, topic, store }: Workplace,
  cluster: TopicCluster,
  running: Record<ProgramName, RunningProgram>,
  start: (name: ProgramName) => RunningProgram,
  log: (what: string) => void,
): Promise<Set<Place>> {
  const total = allMessages(session).length;
  const deadlineMs = performance.now() + RUN_LIMIT_MS;

  /** Waits until the topic holds a share of the feed, or more of it is released. @returns false if neither will happen */
  async function reaches(share: number, released = Infinity): Promise<boolean> {
    while ((await countRecords(cluster)) < share * total && feed.released() < released * total) {
      if (running.producer.end() !== undefined || performance.now() > deadlineMs) return false;
      await sleep(POLL_MS);
    }
    return true;
  }

  async function restart(name: ProgramName, when: string): Promise<void> {
    if (running[name].end() !== undefined) return;
    await running[name].kill();
    log(`${name}.ts killed (kill -9) ${when}`);
    await sleep(RESTART_MS);
    running[name] = start(name);
    log(`${name}.ts started again`);
  }

  if (!(await reaches(POISON_AT, POISON_AT + FEED_AHEAD))) return new Set();
  const poison = await addPoison(brokers, topic, PARTITIONS);
  log(`${poison.size} records of poison written to the topic`);
  if (!(await reaches(KILL_PRODUCER_AT, KILL_PRODUCER_AT + FEED_AHEAD))) return poison;
  await restart("producer", `at ${Math.round(100 * KILL_PRODUCER_AT)} % of the feed`);
  if (!(await reaches(KILL_QUERY_AT[0]))) return poison;
  // The query may store what it will do and what it has done: one of two new files is the latter.
  const isStored = await newFiles(() => storedFiles(store), 2);
  await restart("query", isStored ? "when it had stored its progress" : "at any moment");
  if (!(await reaches(KILL_QUERY_AT[1]))) return poison;
  const isWritten = await newFiles(() => tradesFiles(store), 1);
  await restart("query", isWritten ? "when a file had appeared in trades/" : "at any moment");
  return poison;
}

async function tradesFiles(store: Store): Promise<string[]> {
  const folders = VENUES.map((venue) => `trades/venue=${venue}`);
  const lists = await Promise.all(folders.map((folder) => filesIn(store, folder)));
  return lists.flatMap((names, index) => names.map((name) => `${folders[index]}/${name}`));
}

/** The files and folders in the folders that are not products, such as a checkpoint. */
async function storedFiles(store: Store): Promise<string[]> {
  const others = (await store.list("")).filter((name) => !PRODUCTS.includes(name));
  const lists = await Promise.all(others.map((folder) => store.list(folder)));
  return lists.flatMap((names, index) => names.map((name) => `${others[index]}/${name}`));
}

/** Waits until a number of files have appeared, for a limited time. @returns whether they have */
async function newFiles(list: () => Promise<string[]>, count: number): Promise<boolean> {
  const known = new Set(await list());
  const deadlineMs = performance.now() + NEW_FILES_MS;
  for (let found = 0; performance.now() < deadlineMs; await sleep(FAST_POLL_MS)) {
    const fresh = (await list()).filter((name) => !known.has(name));
    for (const name of fresh) known.add(name);
    found += fresh.length;
    if (found >= count) return true;
  }
  return false;
}

/** Waits until both programs have ended; stops waiting if one of them cannot end any more. */
async function untilEnded(
  running: Record<ProgramName, RunningProgram>,
  deadlineMs: number,
  log: (what: string) => void,
): Promise<void> {
  const isRunning = (name: ProgramName) => running[name].end() === undefined;
  let limitMs = deadlineMs;
  let why = "did not end in time";
  while (PROGRAMS.some(isRunning)) {
    if ((running.producer.end()?.code ?? 0) !== 0 && limitMs === deadlineMs) {
      limitMs = Math.min(limitMs, performance.now() + AFTER_FAILURE_MS);
      why = "cannot end any more, because the producer failed";
    }
    if (performance.now() > limitMs) {
      const late = PROGRAMS.filter(isRunning).map((name) => `${name}.ts`);
      return log(`${late.join(" and ")} stopped: ${why}`);
    }
    await sleep(POLL_MS);
  }
}
