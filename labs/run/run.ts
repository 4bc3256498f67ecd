import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DecodeEvent } from "../event.js";
import type { EventLog } from "../log/log.js";
import type { Config } from "../shared/config.js";
import { formatDuration } from "../shared/time.js";
import { startTimer } from "../shared/wait.js";
import type { Source } from "../source/source.js";
import { checkedStore } from "../store/manifest.js";
import { PRODUCT_NAMES, committedFiles, readAll } from "../store/products.js";
import type { Store } from "../store/store.js";
import {
  SCHEMA_ID,
  openCheckpoint,
  type CheckpointSettings,
  type StoredCheckpoint,
} from "../stream/checkpoint.js";
import type { Semantics } from "../stream/semantics.js";
import { renderReport } from "../view/report/report.js";
import { readAlerts, readLateness, readSeries } from "../view/report/series.js";
import { MAX_ASSETS_SHOWN, summarize, type Summary } from "../view/report/summary.js";
import { openDelivery, readAlertSettings, type AlertSettings } from "./alerts.js";
import { ownEngine, sparkEngine, type Engine } from "./engine.js";
import { encodedSource, openFormat } from "./format.js";
import { openLog } from "./log.js";
import { viewSettings, type Options } from "./options.js";
import { REPORT, lockOutput, prepareOutput, refuseForeign } from "./output-folder.js";
import { openOutput, type Output } from "./output.js";
import { openPage } from "./page.js";
import type { PipelineStatus } from "../view/status.js";
import type { PriceQuerySettings } from "./price-query.js";
import { startStack } from "./stack.js";
import type { Stop } from "./stop.js";
import type { Terminal } from "./terminal.js";
import { manifestOf } from "./verify.js";

/** The plotly.js bundle that draws lines and bars, relative to the project's root. */
const PLOTLY = "node_modules/plotly.js/dist/plotly-basic.min.js";

/** The result of a run. */
export interface Outcome {
  summary: Summary;
  status: PipelineStatus;
  source: Source;
  topic: string;
  /** Where the products are. */
  products: string;
  /** The path of report.html on this machine, to open in a browser. */
  report: string;
}

/** The learner's code that replaces the lab's own (`--use-exercises`). */
export interface LearnersParts {
  semantics: Semantics;
  /** Wraps a store so that the learner's sink writes to it. */
  writing(store: Store): Store;
  /** The names of the exercises in use. */
  inUse: readonly string[];
}

/** A run that is ready to start. */
export interface Run {
  /** Runs the engine until the source ends or the run is stopped, then writes the report. */
  toEnd(): Promise<Outcome>;
  /** Keeps serving the live page, if there is one, until the run is stopped. */
  keepPage(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens everything that a run needs, in this order: output, source, services, log, checkpoint, live page, alerts.
 *
 * @param root the project's root
 * @throws LabError if something is missing or does not match; everything is closed again
 */
export async function openRun(
  options: Options,
  config: Config,
  root: string,
  stop: Stop,
  terminal: Terminal,
  learners?: LearnersParts,
): Promise<Run> {
  const { notify } = terminal;
  const closing: (() => Promise<unknown>)[] = [];
  /** Closes everything, even if closing one part fails. @throws the first error */
  async function close(): Promise<void> {
    const errors: unknown[] = [];
    for (const each of closing.splice(0).reverse()) {
      await each().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
  try {
    return { ...(await open()), close };
  } catch (error) {
    await close().catch(() => {}); // the first error tells why
    throw error;
  }

  async function open(): Promise<Omit<Run, "close">> {
    const alerts =
      options.alerts === undefined ? undefined : await readAlertSettings(options.alerts);
    const output = await openOutput(options, config, root, notify);
    if (learners !== undefined) {
      if (output.store.root === output.folder) output.store = learners.writing(output.store);
      else
        notify(
          "the sink of your exercise writes only to folders: HDFS is written by the lab's own",
        );
    }
    const { store, folder } = output;
    const { assets, sourceOptions } = options;
    const known = () => readAll(store, "latest");
    const { source, settings = {} } = await options.source.open(sourceOptions, {
      root,
      config,
      assets,
      known,
      notify,
    });
    if (options.stack) await startStack(options, config, output, root);
    await output.reach();
    const format = await openFormat(options, config, root, notify, stop.signal);
    await refuseForeign(store, folder, options.fresh);
    closing.push(await lockOutput(folder, notify, stop.signal));
    await prepareOutput(store, folder, options.fresh);
    const log = await openLog(options, config, output, notify);
    closing.push(() => log.close());
    const checkpoint = await openCheckpoint(store, log.topic, {
      source: source.name,
      ...settings,
      ...checkpointSettings(options, alerts),
      ...(format === undefined ? {} : { format: options.format, [SCHEMA_ID]: format.schemaId }),
      ...(learners === undefined ? {} : { "use-exercises": learners.inUse.join(",") }),
    });

    const startedMs = performance.now();
    const { durationMs } = options;
    const timer = durationMs === undefined ? undefined : startTimer(durationMs, () => stop.abort());
    closing.push(() => Promise.resolve(timer?.cancel()));
    terminal.showProgress(source, durationMs, options.engine);
    closing.push(() => Promise.resolve(terminal.endProgress()));
    const page =
      options.serve === undefined
        ? undefined
        : await openPage(
            options,
            { source, log, store },
            await manifestOf(store, checkpoint),
            root,
            notify,
          );
    if (page !== undefined) closing.push(() => page.close());
    const delivery = alerts === undefined ? undefined : await openDelivery(alerts, store, notify);
    if (delivery !== undefined) {
      closing.push(() => {
        stop.finishFirst("delivering the remaining alerts first");
        return delivery.close(stop.userSignal);
      });
    }

    const { windows, delayMs, changeThreshold, batch: batchSize } = options;
    const query: PriceQuerySettings = {
      windows,
      delayMs,
      changeThreshold,
      batchSize,
      semantics: learners?.semantics,
      decoder: format?.decoder,
      alertRules: alerts?.rules,
    };
    const engine: Engine = options.engine === "ts" ? ownEngine(root) : sparkEngine(config, root);
    const { triggerMs, follow } = options;
    const appendFirst = isAppendedFirst(options);

    return {
      async toEnd() {
        stop.finishFirst("completing the current batch first");
        const status = await engine
          .run(
            {
              source: encodedSource(source, format),
              log,
              format,
              output,
              checkpoint,
              query,
              triggerMs,
              follow,
              appendFirst,
              notify,
              observe(batch) {
                page?.addOutput(batch);
                delivery?.deliver(batch.alerts);
              },
            },
            stop.signal,
            (status) => {
              terminal.update(status);
              page?.setStatus(status);
            },
          )
          .finally(() => {
            timer?.cancel();
            terminal.endProgress();
          });
        await page?.end(status);

        stop.finishFirst("writing the summary and the report first");
        if (store.root !== folder) notify("reading the products for the summary and the report");
        const maxAssets = options.json ? Infinity : MAX_ASSETS_SHOWN;
        const checked = await openChecked(store, checkpoint);
        const elapsedMs = performance.now() - startedMs;
        const summary = await summarize(status, checked, source.counts, elapsedMs, maxAssets);
        const report = await writeReport(
          options,
          summary,
          source,
          log,
          format?.decodeKnown,
          output,
          checked,
          root,
        );
        return { summary, status, source, topic: log.topic, products: store.root, report };
      },

      async keepPage() {
        if (page === undefined || stop.signal.aborted) return;
        stop.finishFirst("closing the live page");
        notify(`the live page stays at ${page.url} until you press Ctrl-C`);
        await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
      },
    };
  }
}

/** On Kafka, a finite source is appended completely before the first batch is planned, unless it is paced by --speed. */
const isAppendedFirst = ({ log, sourceOptions }: Options) =>
  log === "kafka" && sourceOptions["speed"] === undefined;

/** The settings that the products depend on, besides those of the source. */
function checkpointSettings(
  options: Options,
  alerts: AlertSettings | undefined,
): CheckpointSettings {
  return {
    assets: options.assets?.join(",") ?? "all",
    log: options.log,
    engine: options.engine,
    ...(options.log === "kafka" ? { speed: isAppendedFirst(options) ? "not set" : "set" } : {}),
    partitions: options.partitions,
    batch: options.batch,
    window: formatDuration(options.windows.windowMs),
    slide: formatDuration(options.windows.slideMs),
    watermark: formatDuration(options.delayMs),
    "change-threshold": options.changeThreshold,
    ...(alerts === undefined ? {} : { alerts: alerts.digest }),
  };
}

/**
 * The store, with its files checked as they are read: a file that differs from what was committed is an error.
 *
 * @throws LabError if a file of any product is missing, or a file that summary and report do not read is damaged
 */
async function openChecked(store: Store, checkpoint: StoredCheckpoint): Promise<Store> {
  const checked = checkedStore(store, await manifestOf(store, checkpoint));
  for (const product of PRODUCT_NAMES) await checked.list(product);
  for (const product of ["rejected", "alerts"] as const) {
    for (const name of await committedFiles(checked, product)) {
      await checked.read(`${product}/${name}`);
    }
  }
  return checked;
}

/** Writes report.html to the output and, if that is on HDFS, a local copy. @returns the local path */
async function writeReport(
  options: Options,
  summary: Summary,
  source: Source,
  log: EventLog,
  decode: DecodeEvent | undefined,
  { store, folder }: Output,
  checked: Store,
  root: string,
): Promise<string> {
  const drawn = summary.assets.slice(0, MAX_ASSETS_SHOWN).map(({ asset }) => asset);
  const content = {
    series: await readSeries(checked, drawn, summary.events),
    lateness: await readLateness(log, decode),
    alerts: options.alerts === undefined ? undefined : await readAlerts(checked),
  };
  const plotly = await readFile(join(root, PLOTLY), "utf8");
  const settings = { ...viewSettings(options), title: source.name };
  const page = renderReport(summary, content, settings, plotly);
  await store.write(REPORT, page);
  const path = join(folder, REPORT);
  if (store.root !== folder) await writeFile(path, page);
  return path;
}
