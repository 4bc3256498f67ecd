import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connectTopic, type TopicCluster } from "../../log/kafka/cluster.js";
import { freshTopic, removeTopics } from "../../log/kafka/topics.js";
import { ownAddresses, readConfig } from "../../shared/config.js";
import { UsageError } from "../../shared/errors.js";
import { sleep } from "../../shared/wait.js";
import { openStack } from "../../stack/stack.js";
import { startServices } from "../../stack/start.js";
import { hdfsStore } from "../../store/hdfs.js";
import type { Store } from "../../store/store.js";
import { startFeed, type FeedServer } from "./feed.js";
import { filesIn, readRejected, readTrades, readWindows } from "./products.js";
import { startProgram, type ProgramEnd, type RunningProgram } from "./programs.js";
import { score, type Outcome, type RubricLine } from "./score.js";
import { VENUES, allMessages, generateSession, type Session } from "./session.js";
import { addPoison, countRecords, readTopic, type Place } from "./topic.js";
import { watchWindows } from "./watch.js";

// Runs the learner's programs against the feed, disturbs them, and reads what they have left.

export const PARTITIONS = 3;
const POLL_MS = 100;
const FAST_POLL_MS = 10;
const RUN_LIMIT_MS = 120_000;
const PATIENCE_MS = 30_000;
/** How much of the feed is in the topic when something is done. */
const POISON_AT = 0.3;
const KILL_PRODUCER_AT = 0.4;
const KILL_QUERY_AT = 0.6;
/** How long a new file of `trades/` is waited for before the query is killed all the same. */
const NEW_FILE_MS = 5_000;
const RESTART_MS = 300;
/** How long the query may still run after the producer has failed. */
const AFTER_FAILURE_MS = 5_000;

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
}

/**
 * Starts Kafka, HDFS and the feed, with a new topic and a new folder.
 *
 * @param root the project's root
 * @param purpose topic and folder of an earlier run for the same purpose are removed
 * @throws LabError if Kafka or HDFS is not installed or does not start
 */
export async function prepare(
  root: string,
  purpose: "check" | "build",
  seed: number,
): Promise<Workplace> {
  const { stack: config } = readConfig();
  const stack = openStack(root, config);
  await startServices(stack, stack.select(["kafka", "hdfs"]));
  const { brokers, hdfs, sparkRemote } = ownAddresses(config);
  const prefix = `capstone-${purpose}-`;
  await removeTopics(brokers, prefix);
  await hdfsStore({ ...hdfs, path: "/capstone" }, true).remove(purpose);
  const run = Date.now().toString(36);
  const topic = `${prefix}${run}`;
  await freshTopic(brokers, topic, PARTITIONS);
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
  return { session, feed, brokers, topic, store, environment };
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
 * Runs the programs of a folder to their end, kills each once, and scores what they have left.
 *
 * @param folder relative to the root
 * @param say called with what happens
 */
export async function runCapstone(
  root: string,
  folder: string,
  place: Workplace,
  say: (line: string) => void,
): Promise<RubricLine[]> {
  const { session, feed, brokers, topic, store, environment } = place;
  const { note } = await readAnswer(join(root, folder));
  const cluster = connectTopic({ brokers, topic, patienceMs: PATIENCE_MS });
  const startedMs = performance.now();
  const log = (what: string) =>
    say(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s  ${what}`);
  const start = (name: ProgramName) => startProgram(root, join(folder, `${name}.ts`), environment);
  const running: Record<ProgramName, RunningProgram> = {
    producer: start("producer"),
    query: start("query"),
  };
  log("producer.ts and query.ts started");
  const watch = watchWindows(store, session, feed);
  try {
    const poison = await disturb(place, cluster, running, start, log);
    await untilEnded(running, startedMs + RUN_LIMIT_MS, log);
    await watch.stop();
    const outcome: Outcome = {
      ...{ session, poison, note },
      topic: await readTopic(cluster),
      trades: await readTrades(store),
      windows: await readWindows(store),
      rejected: await readRejected(store),
      halfWritten: watch.halfWritten,
      ends: { producer: running.producer.end(), query: running.query.end() },
      latenciesMs: watch.latenciesMs(),
    };
    log("score");
    return score(outcome);
  } finally {
    for (const name of PROGRAMS) await running[name].kill();
    await watch.stop().catch(() => {});
    await cluster.close();
  }
}

/** Adds poison, and kills and restarts each program once, as the topic fills. @returns where the poison is */
async function disturb(
  { session, brokers, topic, store }: Workplace,
  cluster: TopicCluster,
  running: Record<ProgramName, RunningProgram>,
  start: (name: ProgramName) => RunningProgram,
  log: (what: string) => void,
): Promise<Set<Place>> {
  const total = allMessages(session).length;
  const deadlineMs = performance.now() + RUN_LIMIT_MS;

  /** Waits until the topic holds a share of the feed. @returns false if it will not */
  async function reaches(share: number): Promise<boolean> {
    while ((await countRecords(cluster)) < share * total) {
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

  if (!(await reaches(POISON_AT))) return new Set();
  const poison = await addPoison(brokers, topic, PARTITIONS);
  log(`${poison.size} records of poison written to the topic`);
  if (!(await reaches(KILL_PRODUCER_AT))) return poison;
  await restart("producer", `at ${Math.round(100 * KILL_PRODUCER_AT)} % of the feed`);
  if (!(await reaches(KILL_QUERY_AT))) return poison;
  await newTradesFile(store);
  await restart("query", "when a file had appeared in trades/");
  return poison;
}

/** Waits until a file appears in `trades/`, for a limited time. */
async function newTradesFile(store: Store): Promise<void> {
  const count = async () => {
    const names = await Promise.all(VENUES.map((venue) => filesIn(store, `trades/venue=${venue}`)));
    return names.flat().length;
  };
  const before = await count();
  const deadlineMs = performance.now() + NEW_FILE_MS;
  while ((await count()) === before && performance.now() < deadlineMs) await sleep(FAST_POLL_MS);
}

/** Waits until both programs have ended; stops waiting if one of them cannot end any more. */
async function untilEnded(
  running: Record<ProgramName, RunningProgram>,
  deadlineMs: number,
  log: (what: string) => void,
): Promise<void> {
  const said = new Set<ProgramName>();
  const isFailed = (end: ProgramEnd | undefined) => end !== undefined && end.code !== 0;
  let limitMs = deadlineMs;
  for (;;) {
    for (const name of PROGRAMS) {
      const end = running[name].end();
      if (end === undefined || said.has(name)) continue;
      said.add(name);
      log(`${name}.ts ended with exit code ${end.code}`);
    }
    if (said.size === PROGRAMS.length) return;
    if (isFailed(running.producer.end())) {
      limitMs = Math.min(limitMs, performance.now() + AFTER_FAILURE_MS);
    }
    if (performance.now() > limitMs) break;
    await sleep(POLL_MS);
  }
  const late = PROGRAMS.filter((name) => !said.has(name)).map((name) => `${name}.ts`);
  log(`${late.join(" and ")} stopped: it did not end in time`);
}
