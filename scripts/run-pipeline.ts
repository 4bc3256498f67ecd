import "../setup/ready.cjs"; // before all else: the version of Node
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ownAddresses, readConfig, type Config } from "../labs/shared/config.js";
import { openFileLog } from "../labs/log/file.js";
import { TOPIC, type EventLog } from "../labs/log/log.js";
import { LOG, REPORT, lockOutput, prepareOutput } from "../labs/run/output.js";
import { runPipeline, type PipelineStatus } from "../labs/run/pipeline.js";
import { renderReport } from "../labs/view/report/report.js";
import { readAlerts, readLateness, readSeries } from "../labs/view/report/series.js";
import { MAX_ASSETS_SHOWN, formatSummary, summarize } from "../labs/view/report/summary.js";
import { LabError, UsageError, errorMessage } from "../labs/shared/errors.js";
import { printable } from "../labs/shared/printable.js";
import type { Webhook } from "../labs/alert/webhook.js";
import type { Feed } from "../labs/view/dashboard/feed.js";
import type { AlertRule, AlertRules } from "../labs/alert/rules.js";
import type { Dashboard } from "../labs/view/dashboard/server.js";
import type { LearnersParts } from "../labs/course/checker/use.js";
import { market } from "../labs/source/market.js";
import { DEFAULT_TAPE, replay, requireEvents, tapeDigest } from "../labs/source/replay.js";
import type { Report, Source } from "../labs/source/source.js";
import { localStore } from "../labs/store/local.js";
import { checkedStore } from "../labs/store/manifest.js";
import {
  PRODUCTS,
  committedFiles,
  readAll,
  readProduct,
  type BatchOutput,
} from "../labs/store/products.js";
import type { Store } from "../labs/store/store.js";
import {
  isBegun,
  openCheckpoint,
  type Checkpoint,
  type Settings,
} from "../labs/stream/checkpoint.js";
import type { Semantics } from "../labs/stream/semantics.js";
import { windowSpec } from "../labs/stream/window.js";
import { formatDuration } from "../labs/shared/time.js";
import { startTimer } from "../labs/shared/wait.js";
import {
  formatVerification,
  manifestOf,
  requireCheckpoint,
  verifyOutput,
} from "../labs/run/verify.js";
import { endWith } from "./command.js";
import { noteIgnored, readOptions, type Options } from "./pipeline-options.js";
import { progressDisplay } from "./progress.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The part of plotly.js that draws lines and bars. */
const PLOTLY = fileURLToPath(import.meta.resolve("plotly.js/dist/plotly-basic.min.js"));
/** Which topic an output on Kafka is computed from; written before the checkpoint is begun. */
const TOPIC_FILE = "checkpoint/topic";
const SAME_SIGNAL_MS = 500;
/** How many alerts of one batch are said in the terminal. */
const MOST_ALERTS_SAID = 10;
/** How long the end of a run waits for a webhook. */
const LAST_DELIVERIES_MS = 10_000;
/** How long HDFS may take to answer when a run begins. */
const REACH_PATIENCE_MS = 3_000;
const STACK_OUT = "hdfs:///lab/out";

// What talks to a service is loaded only when it is used: its packages would slow down the start of every other run.

/** The source, and those of its settings that decide what the products are. */
async function openSource(
  { source, tape = resolve(ROOT, DEFAULT_TAPE), assets, speed, seed, events, every }: Options,
  { coingeckoUrl, coingeckoKey: key, coinbaseUrl }: Config,
  store: Store,
  report: Report,
): Promise<{ source: Source; settings: Settings }> {
  switch (source) {
    case "replay": {
      const source = replay({ tape, assets, speed });
      await requireEvents(source); // before anything is written for it
      return { source, settings: { tape: await tapeDigest(tape) } };
    }
    case "market":
      return { source: market({ seed, events, assets, speed }), settings: { seed, events } };
    case "coingecko": {
      const { coingecko } = await import("../labs/source/coingecko.js");
      const known = () => readAll(store, "latest");
      const polling = { url: coingeckoUrl, key, assets, everyMs: every, known, report };
      return { source: coingecko(polling), settings: {} };
    }
    case "websocket": {
      const { websocket } = await import("../labs/source/websocket.js");
      return { source: websocket({ url: coinbaseUrl, assets, report }), settings: {} };
    }
  }
}

/** Where the products go, and the folder of this machine that belongs to them alone. */
interface Output {
  store: Store;
  /** What Spark calls the store's root. */
  sparkRoot: string;
  folder: string;
  isLocalStack: boolean;
  /** Fails soon if nothing answers there: an outage is waited for once a run has begun, not where it cannot begin. */
  reach(): Promise<unknown>;
}

async function openOutput(options: Options, config: Config, report: Report): Promise<Output> {
  const out = options.out ?? (options.stack ? STACK_OUT : resolve(ROOT, ".lab/out"));
  if (!/^(web)?hdfs:/.test(out)) {
    const folder = resolve(out);
    const sparkRoot = pathToFileURL(folder).href;
    const store = localStore(folder, { sync: options.fsync });
    return { store, sparkRoot, folder, isLocalStack: false, reach: () => Promise.resolve() };
  }
  const { hdfsStore, parseHdfsUrl, parseNameNode } = await import("../labs/store/hdfs.js");
  const { hdfs: own } = ownAddresses(config.stack);
  const named = parseNameNode(config.hdfsUrl, config.webhdfsUrl, own);
  const location = parseHdfsUrl(out, named ?? own);
  const isLocalStack =
    named === undefined && location.host === own.host && location.rpcPort === own.rpcPort;
  const store = hdfsStore(location, isLocalStack, { report });
  return {
    store,
    sparkRoot: store.root,
    folder: join(ROOT, ".lab/runs", nameOf(store)),
    isLocalStack,
    reach: () => hdfsStore(location, isLocalStack, { patienceMs: REACH_PATIENCE_MS }).list(""),
  };
}

/** A short name for an output that stays the same from run to run. */
const nameOf = (store: Store) => createHash("sha256").update(store.root).digest("hex").slice(0, 8);

/** Starts those of the lab's own services that the run needs and nobody has named another one for. */
async function startStack(options: Options, config: Config, output: Output): Promise<void> {
  const names = [
    ...(options.log === "kafka" && config.kafkaBrokers === undefined ? ["kafka"] : []),
    ...(output.isLocalStack ? ["hdfs"] : []),
    ...(options.engine === "spark" && config.sparkRemote === undefined ? ["spark"] : []),
  ];
  if (names.length === 0) return;
  const { openStack } = await import("../labs/stack/stack.js");
  const { startServices } = await import("../labs/stack/start.js");
  const stack = openStack(ROOT, config.stack);
  await startServices(stack, stack.select(names));
}

const brokersOf = ({ kafkaBrokers, stack }: Config) => kafkaBrokers ?? ownAddresses(stack).brokers;

/** The topic that an output was begun on. @throws LabError if that cannot be told any more */
async function readTopic(store: Store): Promise<string> {
  const text = String(await store.read(TOPIC_FILE));
  if (/^[\w.-]{1,249}$/.test(text)) return text;
  throw new LabError(
    `${store.root}/${TOPIC_FILE} does not name the topic that the output was begun on (${text.slice(0, 80) || "it is empty"}); write its name there, or start over with --fresh`,
  );
}

/** The event log: files in the output, or a topic that belongs to the output alone, so that runs do not mix. */
async function openLog(
  { log, partitions, fsync: sync }: Options,
  config: Config,
  { store, folder }: Output,
  report: Report,
): Promise<EventLog> {
  if (log === "file") return openFileLog(join(folder, LOG), TOPIC, partitions, report, { sync });
  const { openKafkaLog } = await import("../labs/log/kafka/log.js");
  const { removeTopics } = await import("../labs/log/kafka/topics.js");
  const brokers = brokersOf(config);
  let topic: string;
  if (await isBegun(store)) {
    topic = await readTopic(store);
  } else {
    const prefix = `${TOPIC}_${nameOf(store)}_`;
    await removeTopics(brokers, prefix); // of what was there before --fresh
    topic = prefix + Date.now().toString(36);
    await store.write(TOPIC_FILE, topic);
  }
  return openKafkaLog({ brokers, topic, partitions, report });
}

interface Run {
  options: Options;
  config: Config;
  source: Source;
  log: EventLog;
  output: Output;
  checkpoint: Checkpoint;
  /** A learner's; undefined for the lab's own. */
  semantics: Semantics | undefined;
  alerts: Alerts | undefined;
  /** The live page's. */
  feed: Feed | undefined;
  signal: AbortSignal;
  report: Report;
  onStatus: (status: PipelineStatus) => void;
}

/** What watches for alerts, and what is told of them. */
interface Alerts {
  rules: readonly AlertRule[];
  webhook: Webhook | undefined;
}

/** The rules of a file, and a short name for them that changes when they do. */
async function readAlertRules(path: string): Promise<{ rules: AlertRules; digest: string }> {
  const { parseAlertRules } = await import("../labs/alert/rules.js");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`cannot read the rules of --alerts ${path}: ${errorMessage(error)}`);
  });
  const rules = parseAlertRules(text, path);
  const hash = createHash("sha256").update(JSON.stringify(rules.rules)).digest("hex");
  return { rules, digest: `${rules.rules.length} rules (${hash.slice(0, 8)})` };
}

async function openAlerts(rules: AlertRules, store: Store, report: Report): Promise<Alerts> {
  const { openWebhook } = await import("../labs/alert/webhook.js");
  const { webhook: url } = rules;
  const webhook = url === undefined ? undefined : openWebhook({ url, store, report });
  return { rules: rules.rules, webhook };
}

/** Lets the webhook have what is left, but does not wait for ever. */
async function closeWebhook(webhook: Webhook, isStopped: boolean, report: Report): Promise<void> {
  const mostMs = isStopped ? LAST_DELIVERIES_MS / 5 : LAST_DELIVERIES_MS;
  await webhook.close(mostMs).then(
    (waiting) => {
      if (waiting === 0) return;
      report(`${waiting} alerts are not with the webhook yet: the same command sends them`);
    },
    (error: unknown) => report(`cannot tell what the webhook has: ${errorMessage(error)}`),
  );
}

/** Runs the chosen engine to the end. */
async function runEngine(run: Run): Promise<PipelineStatus> {
  const { options, config, source, log, output, checkpoint, signal, onStatus } = run;
  const { store, sparkRoot } = output;
  const { follow, trigger: triggerMs } = options;
  const query = {
    semantics: run.semantics,
    windows: windowSpec(options.window, options.slide),
    delayMs: options.watermark,
    changeThreshold: options.changeThreshold,
    batchSize: options.batch,
    alertRules: run.alerts?.rules,
  };
  if (options.engine === "ts") {
    const appendFirst = options.log === "kafka" && options.speed === undefined;
    const settings = { ...query, triggerMs, follow, appendFirst };
    const observe = (batch: BatchOutput) => {
      run.feed?.addOutput(batch);
      if (batch.alerts.length === 0) return;
      run.alerts?.webhook?.wake();
      for (const { text, rule } of batch.alerts.slice(0, MOST_ALERTS_SAID)) {
        run.report(`alert: ${text} (${rule})`);
      }
      const more = batch.alerts.length - MOST_ALERTS_SAID;
      if (more > 0) run.report(`… and ${more} more alerts: alerts/ has them`);
    };
    return runPipeline({ source, log, checkpoint, store, observe }, settings, signal, onStatus);
  }
  run.report("Spark plans the query and starts it, which takes some seconds");
  const { PROTOCOL, connectSpark } = await import("../labs/spark/client.js");
  const { runSparkPipeline } = await import("../labs/run/spark-pipeline.js");
  const remote = config.sparkRemote ?? ownAddresses(config.stack).sparkRemote;
  const session = connectSpark(remote, join(ROOT, PROTOCOL));
  const ended = new AbortController();
  const following =
    run.feed === undefined ? undefined : showProducts(store, run.feed, ended.signal);
  try {
    const job = { ...query, brokers: brokersOf(config), topic: log.topic, root: sparkRoot };
    const parts = { source, log, session, store };
    return await runSparkPipeline(parts, job, { triggerMs, follow }, signal, onStatus);
  } finally {
    ended.abort();
    await following;
    session.close();
  }
}

/** Shows the live page what Spark writes. That it cannot is no reason to stop Spark. */
async function showProducts(store: Store, feed: Feed, signal: AbortSignal): Promise<void> {
  const { followProducts } = await import("../labs/view/dashboard/follow.js");
  await followProducts(store, feed, signal).catch((error: unknown) => {
    console.error(printable(`the live page gets no more prices: ${errorMessage(error)}`));
  });
}

/** Writes report.html to the output and, where that is not on this machine, a copy here. @returns where to open it */
async function writeReport(
  run: Run,
  summary: Awaited<ReturnType<typeof summarize>>,
): Promise<string> {
  const { options, source, log, output } = run;
  const { store, folder } = output;
  const { window: windowMs, slide: slideMs, watermark: delayMs, changeThreshold } = options;
  const drawn = summary.assets.slice(0, MAX_ASSETS_SHOWN).map(({ asset }) => asset);
  const page = renderReport(
    summary,
    {
      series: await readSeries(store, drawn, summary.events),
      lateness: await readLateness(log),
      alerts: options.alerts === undefined ? undefined : await readAlerts(store),
    },
    { windowMs, slideMs, delayMs, changeThreshold, title: source.name },
    await readFile(PLOTLY, "utf8"),
  );
  await store.write(REPORT, page);
  const path = join(folder, REPORT);
  if (store.root !== folder) await writeFile(path, page);
  return path;
}

/** Serves the live page with what earlier runs have left, and says where it is. */
async function startPage(
  options: Options,
  source: Source,
  log: EventLog,
  store: Store,
  report: Report,
): Promise<{ feed: Feed; dashboard: Dashboard }> {
  const { openFeed } = await import("../labs/view/dashboard/feed.js");
  const { DEFAULT_PORT, startDashboard } = await import("../labs/view/dashboard/server.js");
  const { window: windowMs, slide: slideMs, watermark: delayMs, changeThreshold } = options;
  const feed = openFeed({
    source: source.name,
    engine: options.engine === "ts" ? "our engine" : "Spark",
    topic: log.topic,
    output: store.root,
    ...{ windowMs, slideMs, delayMs, changeThreshold },
    recorded: source.finite,
    watched: options.alerts !== undefined,
  });
  const latest = await readAll(store, "latest");
  const assets = latest.slice(0, MAX_ASSETS_SHOWN).map(({ asset }) => asset);
  feed.addPast(await readSeries(store, assets, 0), []);
  feed.setLatest(latest);
  // A file at a time: the feed keeps the last ones only, however many there were.
  for await (const alerts of readProduct(store, "alerts")) feed.addPast([], alerts);
  const lag = async () => {
    const ends = await log.endOffsets();
    return ends.map((end, partition) => end - (feed.snapshot().stream.offsets[partition] ?? 0));
  };
  const port = options.serve === true ? undefined : options.serve;
  const dashboard = await startDashboard({ root: ROOT, feed, port, lag });
  const isMoved = port === undefined && dashboard.port !== DEFAULT_PORT;
  report(`live page: ${dashboard.url}${isMoved ? ` (port ${DEFAULT_PORT} is taken)` : ""}`);
  return { feed, dashboard };
}

/** The learner's solved exercises, and says which. */
async function useExercises(report: Report): Promise<LearnersParts> {
  const { learnersParts } = await import("../labs/course/checker/use.js");
  report("checking the exercises that the pipeline can use …");
  const parts = await learnersParts(ROOT);
  report(`your own code is in use: ${parts.inUse.join(", ") || "none"}`);
  if (parts.unsolved.length > 0) {
    report(`not solved, so the lab's own is in use: ${parts.unsolved.join(", ")}`);
  }
  return parts;
}

/**
 * Looks for damage where the summary and the report do not: a file that is missing from any product, and the products that
 * neither reads, which are small.
 *
 * @param checked fails where a file is not as committed
 */
async function requireWhole(checked: Store): Promise<void> {
  for (const product of PRODUCTS) await checked.list(product);
  for (const product of ["rejected", "alerts"] as const) {
    for (const name of await committedFiles(checked, product)) {
      await checked.read(`${product}/${name}`);
    }
  }
}

/** Says whether the products are those that were committed: the exit code is 1 where they are not. */
async function verify(options: Options, config: Config, report: Report): Promise<void> {
  const { store, folder, reach } = await openOutput(options, config, report);
  await reach();
  await requireCheckpoint(store);
  // What a run is writing meanwhile would look damaged.
  const unlock = await lockOutput(folder, report);
  const verification = await verifyOutput(store).finally(unlock);
  console.log(
    options.json ? JSON.stringify(verification) : formatVerification(store, verification),
  );
  if (verification.problems.length > 0) process.exitCode = 1;
}

async function main(argv: string[]): Promise<void> {
  const options = await readOptions(argv);
  const config = readConfig();
  let display: ReturnType<typeof progressDisplay> | undefined;
  // Notices may hold what others have sent: an error of a feed, the name of an asset.
  const report: Report = (notice) =>
    (display ?? { notice: console.error }).notice(printable(notice));
  if (options.verify) return verify(options, config, report);

  const stop = new AbortController();
  let stoppedMs = 0;
  /** What a run that is stopped still does; undefined while there is nothing that it must not leave half done. */
  let remaining: string | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // npx and tsx may pass on a signal that the terminal has sent to this process too: that is one, not two.
      if (stop.signal.aborted && performance.now() - stoppedMs < SAME_SIGNAL_MS) return;
      if (stop.signal.aborted) process.exit(130);
      stoppedMs = performance.now();
      report(
        remaining === undefined
          ? "stopped before the first batch"
          : `stopping: ${remaining} (press Ctrl-C again to stop now)`,
      );
      stop.abort();
      if (remaining === undefined) process.exit(130);
    });
  }

  const learners = options.useExercises ? await useExercises(report) : undefined;
  const alertRules =
    options.alerts === undefined ? undefined : await readAlertRules(options.alerts);
  const output = await openOutput(options, config, report);
  if (learners !== undefined) {
    if (output.store.root === output.folder) output.store = learners.writing(output.store);
    else report("HDFS is written by the lab's own sink: the exercise's is for folders");
  }
  const { store, folder } = output;
  noteIgnored(argv, options.source, report);
  const { source, settings } = await openSource(options, config, store, report);
  if (options.stack) await startStack(options, config, output);
  await output.reach();
  const unlock = await lockOutput(folder, report, stop.signal);
  let log: EventLog | undefined;
  let feed: Feed | undefined;
  let dashboard: Dashboard | undefined;
  let alerts: Alerts | undefined;
  try {
    await prepareOutput(store, folder, options.fresh);
    log = await openLog(options, config, output, report);
    const checkpoint = await openCheckpoint(store, log.topic, {
      source: options.source,
      ...settings,
      assets: options.assets?.join(",") ?? "all",
      log: options.log,
      engine: options.engine,
      // On Kafka all is appended before the first batch is planned, unless it is played at a speed.
      ...(options.log === "kafka"
        ? { speed: options.speed === undefined ? "not set" : "set" }
        : {}),
      partitions: options.partitions,
      batch: options.batch,
      window: formatDuration(options.window),
      slide: formatDuration(options.slide),
      watermark: formatDuration(options.watermark),
      "change-threshold": options.changeThreshold,
      ...(alertRules === undefined ? {} : { alerts: alertRules.digest }),
      ...(learners === undefined ? {} : { exercises: learners.inUse.join(",") }),
    });

    const beginMs = performance.now();
    const timer =
      options.duration === undefined ? undefined : startTimer(options.duration, () => stop.abort());
    display = progressDisplay(source, options.duration, options.engine);
    if (options.serve !== undefined) {
      const past = checkedStore(store, await manifestOf(store, checkpoint));
      ({ feed, dashboard } = await startPage(options, source, log, past, report));
    }
    if (alertRules !== undefined) alerts = await openAlerts(alertRules.rules, store, report);
    const onStatus = (now: PipelineStatus) => {
      display!.update(now);
      feed?.setStatus(now);
    };
    const run: Run = {
      options,
      config,
      source,
      log,
      output,
      checkpoint,
      semantics: learners?.semantics,
      alerts,
      feed,
      signal: stop.signal,
      report,
      onStatus,
    };
    remaining = "a batch that has begun is completed first";
    const status = await runEngine(run).finally(() => {
      timer?.cancel();
      display!.stop();
      display = undefined;
    });

    remaining = "the summary and the report are written first";
    if (store.root !== folder) report("reading the products for the summary and the report");
    // What is read back for the summary and the report must be what was written.
    const checked = checkedStore(store, await manifestOf(store, checkpoint));
    await requireWhole(checked);
    const summary = await summarize(
      status,
      checked,
      source.counts,
      performance.now() - beginMs,
      options.json ? Infinity : MAX_ASSETS_SHOWN,
    );
    const page = await writeReport({ ...run, output: { ...output, store: checked } }, summary);
    if (options.json) {
      console.log(JSON.stringify(summary));
    } else {
      console.log(formatSummary(summary));
      if (options.log === "kafka") console.log(`topic: ${log.topic}`);
      console.log(`products: ${store.root}`);
      console.log(`report: ${page}`);
    }
    const unreached = source.unreached?.();
    const places = status.offsets.map((offset, partition) => `${partition}:${offset}`).join(", ");
    if (source.finite && status.ended && status.batchesNow === 0 && !options.follow) {
      report(
        `nothing left to do: ${source.name} was already read to its end (--fresh starts over)`,
      );
    } else if (unreached !== undefined) {
      throw new LabError(unreached);
    } else if (!status.ended || options.follow) {
      report(`stopped; the same command continues from here (partition:offset ${places})`);
    }
    if (dashboard !== undefined && !stop.signal.aborted) {
      feed!.setStatus(status);
      feed!.setLatest(status.latest);
      remaining = "the live page is closed";
      report(`the page stays at ${dashboard.url} until Ctrl-C`);
      await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    }
  } finally {
    if (alerts?.webhook !== undefined) {
      await closeWebhook(alerts.webhook, stop.signal.aborted, report);
    }
    feed?.close();
    await dashboard?.close();
    await log?.close();
    await unlock();
  }
}

endWith(main(process.argv.slice(2)));
