import type { PriceEvent } from "../event.js";
import type { AlertRow, WindowRow } from "../store/products.js";
import type { LatestOperator } from "../stream/latest.js";
import type { AssetStates, Operator } from "../stream/operator.js";
import { openTimers, type Timers } from "../stream/timers.js";
import { formatDuration, formatTime } from "../shared/time.js";
import { emptyMemory, openDetector, type Detector, type DetectorMemory } from "./detector.js";
import { begins } from "./episode.js";
import { firstReturnMemory, takePrice, type Return, type ReturnMemory } from "./returns.js";
import {
  levelsOf,
  signOf,
  type AlertRule,
  type AnomalyRule,
  type ChangeRule,
  type LevelRule,
  type SilenceRule,
} from "./rules.js";

/** The state of a rule for one asset. */
interface Episode {
  /** Whether an episode is in progress: of rising values and, if the rule distinguishes them, of falling values. */
  up: boolean;
  down: boolean;
  /** How many episodes have begun. */
  count: number;
}

/** The state of an asset, as JSON for the checkpoint. The lists have one entry per rule. */
interface AssetMemory {
  asset: string;
  /** When its last event arrived, in which partition, and the latest price at that time. */
  arrivalMs: number;
  partition: number;
  priceUsd: number;
  episodes: Episode[];
  returns: ({ price: ReturnMemory; detector: DetectorMemory } | null)[];
}

type SavedMemory = Omit<AssetMemory, "asset">;

interface PartitionState {
  /** When its last event arrived. */
  newestMs: number;
  /**
   * When each asset will have been silent for as long as a rule allows. An event of the asset makes its entry too early; the
   * entry is rescheduled when its time comes. An asset that is not silent has one entry per rule, however many events it has.
   */
  silences: Timers<Silence>;
}

/** A silence of an asset that a rule is waiting for. */
interface Silence {
  rule: SilenceRule;
  episode: Episode;
  memory: AssetMemory;
}

interface Raised {
  timeMs: number;
  priceUsd: number;
  value: number;
  text: string;
}

const percent = (value: number) => `${value > 0 ? "+" : ""}${value.toFixed(2)} %`;
const dollars = (value: number) => `$${Number(value.toPrecision(9))}`;
const timeOfDay = (timeMs: number) => formatTime(timeMs).slice(11, 19);

/**
 * The operator that applies alert rules to each asset and emits `alerts/`. An alert is raised when an episode begins, and not
 * again until the episode has ended.
 *
 * Out-of-order prices are ignored: they are not the current price. Silence is measured by arrival time: by the arrivals of
 * other assets in the same partition (another partition may have been read further) and, in a live stream, by the clock time
 * recorded in the plan of the batch.
 *
 * @param latest provides the latest price; it and the operator that emits windows must come before this operator
 */
export function raiseAlerts(
  rules: readonly AlertRule[],
  latest: Pick<LatestOperator, "of">,
): Operator<AssetMemory, SavedMemory> {
  const levels = new Map(rules.map((rule) => [rule, levelsOf(rule)]));
  const silenceRules = [...rules.entries()].filter(
    (entry): entry is [number, SilenceRule] => entry[1].kind === "silence",
  );
  const hasChangeRules = rules.some(({ kind }) => kind === "change");
  const detectors = new WeakMap<DetectorMemory, Detector>();
  const partitions: PartitionState[] = [];
  let assets: AssetStates<AssetMemory>;
  let raised: AlertRow[] = [];

  function raise(rule: AlertRule, asset: string, episode: Episode, what: Raised): void {
    episode.count++;
    const time = formatTime(what.timeMs);
    raised.push({
      id: `${rule.name}/${asset}/${time}/${episode.count}`,
      rule: rule.name,
      kind: rule.kind,
      asset,
      time,
      price_usd: what.priceUsd,
      value: what.value,
      text: what.text,
    });
  }

  function takeChange(rule: ChangeRule, episode: Episode, row: WindowRow): void {
    for (const side of ["up", "down"] as const) {
      if (rule.direction !== "both" && rule.direction !== side) continue;
      const change = side === "up" ? row.pct_change : -row.pct_change;
      if (!begins(episode, side, change, levels.get(rule)!)) continue;
      const span = `${timeOfDay(row.window_start)} to ${timeOfDay(row.window_end)}`;
      raise(rule, row.asset, episode, {
        timeMs: row.window_end,
        priceUsd: row.last_price,
        value: row.pct_change,
        text: `${row.asset} changed by ${percent(row.pct_change)} from ${span}`,
      });
    }
  }

  function takeLevel(rule: LevelRule, episode: Episode, event: PriceEvent): void {
    const sign = signOf(rule);
    const { beginAt } = levels.get(rule)!;
    if (!begins(episode, "up", sign * event.priceUsd, levels.get(rule)!)) return;
    const place = sign > 0 ? "at or above" : "at or below";
    raise(rule, event.asset, episode, {
      timeMs: event.eventTimeMs,
      priceUsd: event.priceUsd,
      value: event.priceUsd,
      text: `${event.asset} is at ${dollars(event.priceUsd)}, ${place} ${dollars(sign * beginAt)}`,
    });
  }

  function takeReturn(
    rule: AnomalyRule,
    episode: Episode,
    asset: string,
    { value, endMs, priceUsd }: Return,
    memory: DetectorMemory,
  ): void {
    let detector = detectors.get(memory);
    if (detector === undefined) {
      detector = openDetector(rule.detector, rule.window, memory);
      detectors.set(memory, detector);
    }
    const score = detector.score(value);
    if (score === null) return;
    if (!begins(episode, "up", Math.abs(score), levels.get(rule)!)) return;
    const move = `${percent(100 * value)} in ${formatDuration(rule.every)}`;
    raise(rule, asset, episode, {
      timeMs: endMs,
      priceUsd,
      value: score,
      text: `${asset} moved by ${move}, ${Math.abs(score).toFixed(1)} standard deviations from the usual`,
    });
  }

  /** Checks whether an asset has been silent until a time. Also called for the event that ends a silence. */
  function takeSilence(
    rule: SilenceRule,
    episode: Episode,
    { asset, arrivalMs, priceUsd }: AssetMemory,
    untilMs: number,
  ): void {
    if (!begins(episode, "up", untilMs - arrivalMs, levels.get(rule)!)) return;
    raise(rule, asset, episode, {
      timeMs: arrivalMs + rule.after,
      priceUsd,
      value: rule.after / 1_000,
      text: `no event of ${asset} has arrived for ${formatDuration(rule.after)}, since ${formatTime(arrivalMs)}`,
    });
  }

  const isFor = (rule: AlertRule, asset: string) => rule.assets?.includes(asset) ?? true;

  function partitionAt(index: number): PartitionState {
    return (partitions[index] ??= { newestMs: -Infinity, silences: openTimers() });
  }

  const silentMs = ({ rule, memory }: Silence) => memory.arrivalMs + rule.after;

  function awaitSilence(rule: SilenceRule, episode: Episode, memory: AssetMemory): void {
    const silence = { rule, episode, memory };
    partitionAt(memory.partition).silences.set(silentMs(silence), silence);
  }

  /** Schedules the silences of an asset that is new or restored from the checkpoint. */
  function awaitSilences(memory: AssetMemory): void {
    for (const [index, rule] of silenceRules) {
      const episode = memory.episodes[index]!;
      if (!episode.up && isFor(rule, memory.asset)) awaitSilence(rule, episode, memory);
    }
  }

  /** The silences that have begun by a time. Reschedules entries that an event has postponed. */
  function takeBegun(silences: Timers<Silence>, untilMs: number): Silence[] {
    const begun: Silence[] = [];
    while (silences.nextMs <= untilMs) {
      for (const silence of silences.takeNext()) {
        const beginMs = silentMs(silence);
        if (beginMs <= untilMs) begun.push(silence);
        else silences.set(beginMs, silence);
      }
    }
    return begun;
  }

  return {
    name: "monitored",
    open(states) {
      assets = states;
    },
    newState(event, { timestampMs: arrivalMs }, partition) {
      const memory = firstMemory(rules, event, partition, arrivalMs);
      awaitSilences(memory);
      return memory;
    },

    add(memory, event, { offset, timestampMs: arrivalMs }) {
      const { asset } = event;
      const newest = latest.of(asset);
      const isLatest = newest.offset === offset && newest.eventTimeMs === event.eventTimeMs;
      for (const [index, rule] of rules.entries()) {
        if (!isFor(rule, asset)) continue;
        const episode = memory.episodes[index]!;
        if (rule.kind === "silence") {
          const isAwaited = !episode.up;
          takeSilence(rule, episode, memory, arrivalMs);
          episode.up = false;
          if (!isAwaited) awaitSilence(rule, episode, memory);
        } else if (rule.kind === "level" && isLatest) {
          takeLevel(rule, episode, event);
        } else if (rule.kind === "anomaly" && isLatest) {
          const { price, detector } = memory.returns[index]!;
          const ended = takePrice(price, event, rule.every);
          if (ended !== undefined) takeReturn(rule, episode, asset, ended, detector);
        }
      }
      memory.arrivalMs = Math.max(memory.arrivalMs, arrivalMs);
      memory.priceUsd = newest.priceUsd;
      const known = partitionAt(memory.partition);
      if (arrivalMs > known.newestMs) known.newestMs = arrivalMs;
    },

    endBatch({ plannedMs = -Infinity }, output) {
      for (const row of hasChangeRules ? output.windows : []) {
        const memory = assets.stateOf(row.asset);
        for (const [index, rule] of rules.entries()) {
          if (rule.kind !== "change" || !isFor(rule, row.asset)) continue;
          takeChange(rule, memory.episodes[index]!, row);
          assets.markChanged(row.asset);
        }
      }
      for (const { newestMs, silences } of Object.values(partitions)) {
        const clockMs = Math.max(plannedMs, newestMs);
        for (const { rule, episode, memory } of takeBegun(silences, clockMs)) {
          takeSilence(rule, episode, memory, clockMs);
          assets.markChanged(memory.asset);
        }
      }
      output.alerts = raised.sort((a, b) =>
        a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : 1,
      );
      raised = [];
      return { alerts: output.alerts.length };
    },

    dueMs() {
      let dueMs = Infinity;
      for (const { silences } of Object.values(partitions)) {
        // Reschedules postponed entries until the earliest one is current.
        for (let nextMs; (nextMs = silences.nextMs) < dueMs;) {
          for (const silence of silences.takeNext()) silences.set(silentMs(silence), silence);
          if (silences.nextMs === nextMs) dueMs = nextMs;
        }
      }
      return dueMs;
    },

    save: ({ arrivalMs, partition, priceUsd, episodes, returns }) => ({
      arrivalMs,
      partition,
      priceUsd,
      episodes,
      returns,
    }),
    restore(asset, saved) {
      const memory = { asset, ...saved };
      const known = partitionAt(memory.partition);
      known.newestMs = Math.max(known.newestMs, memory.arrivalMs);
      awaitSilences(memory);
      return memory;
    },
  };
}

function firstMemory(
  rules: readonly AlertRule[],
  event: PriceEvent,
  partition: number,
  arrivalMs: number,
): AssetMemory {
  return {
    asset: event.asset,
    arrivalMs,
    partition,
    priceUsd: event.priceUsd,
    episodes: rules.map(() => ({ up: false, down: false, count: 0 })),
    returns: rules.map((rule) =>
      rule.kind === "anomaly"
        ? { price: firstReturnMemory(event, rule.every), detector: emptyMemory() }
        : null,
    ),
  };
}
