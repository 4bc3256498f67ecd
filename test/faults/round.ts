import type { ServiceName } from "../../labs/stack/service.js";
import { HARMS, PLACES, type Damage } from "./damage.js";
import type { FeedOptions } from "./feed.js";
import { randomOf, type Random } from "./random.js";
import type { TapeOptions } from "./tape.js";

// What a round of the campaign is, drawn from its seed before it is played.

/** What a round is about. */
export const THEMES = ["kills", "live", "together", "disk", "damage"] as const;
export type Theme = (typeof THEMES)[number] | "services";

/** When in a run something is done to it. */
export interface Moment {
  /** By its share of the time that an undisturbed run takes, or of the batches that it commits (live: of the feed). */
  by: "time" | "progress";
  /** From 0 to below 1. */
  at: number;
  /** And so many milliseconds later, so that it may hit any instruction of a batch. */
  laterMs: number;
}

/** What is done to one start of the command, or between two of them. */
export type Fault =
  | { do: "kill"; at: Moment }
  | { do: "interrupt"; at: Moment }
  /** SIGSTOP, and after a while SIGCONT; then killed or left alone. */
  | { do: "pause"; at: Moment; forMs: number; thenKill: boolean }
  /** The end of a file of the log: half a record more, as after a crash in the middle of a write, or the last one cut. */
  | { do: "tear"; which: number; position: number; isCut: boolean }
  /** Several starts of the same command, all killed at a moment, or left to end. */
  | { do: "together"; starts: number; kill: Moment | null; pauseFirst: boolean }
  /** The lock of a killed run names a process that runs, but is another one. */
  | { do: "lock" }
  /** The disk is full at this share of what the run writes: a small file system, or no larger file than this. */
  | { do: "disk"; way: "small disk" | "file limit"; at: number }
  | ({ do: "damage" } & Damage)
  | { do: "service"; name: ServiceName; how: "kill" | "pause"; at: Moment; forMs: number };

export type SourceDraw =
  | { kind: "default tape"; events: number }
  | { kind: "market"; events: number; seed: number; assets: readonly string[] }
  | { kind: "drawn tape"; events: number; options: TapeOptions }
  | { kind: "live"; events: number; options: FeedOptions };

export interface Round {
  seed: number;
  number: number;
  theme: Theme;
  source: SourceDraw;
  engine: "ts" | "spark";
  /** Kafka and HDFS, or files. */
  services: boolean;
  windowMs: number;
  slideMs: number;
  watermarkMs: number;
  changeThreshold: number;
  partitions: number;
  batch: number;
  /** For live sources. */
  triggerMs: number;
  /** For finite sources: how many times as fast as real; undefined for as fast as it goes. */
  speed?: number;
  /** The rules of alerts, where there are some. */
  rules?: readonly object[];
  /** Whether the receiver of alerts refuses them during the first start. */
  refuses: boolean;
  faults: readonly Fault[];
}

const DEFAULT_TAPE_EVENTS = 9_999;
const COINS = [
  ...["bitcoin", "ethereum", "solana", "ripple", "cardano"],
  ...["dogecoin", "polkadot", "litecoin", "chainlink", "stellar"],
];
/** How many batches an undisturbed run is to have, so that it lasts some seconds. */
const BATCHES = { least: 60, most: 250 };
const SERVICE_BATCHES = { least: 12, most: 40 };
const SPARK_BATCHES = { least: 4, most: 8 };

function drawSource(random: Random, theme: Theme): SourceDraw {
  const seed = random.integer(0, 2 ** 31);
  if (theme === "live") {
    const perSecond = random.magnitude(200, 4_000);
    const messages = perSecond * random.integer(4, 8);
    const stepMs = random.magnitude(5, 500);
    return {
      kind: "live",
      events: messages,
      options: { seed, messages, perSecond, stepMs },
    };
  }
  const events =
    theme === "services" ? random.magnitude(2_000, 12_000) : random.magnitude(4_000, 40_000);
  const kind = random.pick(["default tape", "market", "drawn tape", "drawn tape"] as const);
  if (kind === "default tape") return { kind, events: DEFAULT_TAPE_EVENTS };
  const assets = COINS.slice(0, random.integer(1, COINS.length));
  if (kind === "market") return { kind, events, seed, assets };
  const options: TapeOptions = {
    seed,
    events,
    assets: random.chance(0.2) ? random.integer(11, 300) : assets,
    eventsPerSecond: random.magnitude(5, 2_000),
    disorderMs: random.magnitude(1, 60_000),
    lateness: random.unit() ** 3 * 0.3,
    lateByMs: random.magnitude(1_000, 3_600_000),
    duplicates: random.unit() ** 2 * 0.2,
    malformed: random.unit() ** 2 * 0.2,
    jumps: random.unit() ** 3 * 0.05,
    hostile: random.chance(0.5) ? random.unit() ** 2 * 0.05 : 0,
    ties: random.unit() ** 2 * 0.5,
  };
  return { kind, events, options };
}

function drawRules(random: Random, isLive: boolean): object[] {
  const rules = [
    { name: "moves", kind: "change", percent: random.pick([0.1, 0.3, 1]) },
    { name: "odd", kind: "anomaly", every: "1s", window: random.integer(4, 20), threshold: 4 },
    { name: "dear", kind: "level", assets: ["bitcoin"], above_usd: random.pick([1_050, 94_000]) },
    // By the clock a live feed falls silent at every kill: another result each time.
    ...(isLive ? [] : [{ name: "silent", kind: "silence", after: random.pick(["5s", "60s"]) }]),
  ];
  return rules.filter((_, index) => index === 0 || random.chance(0.6));
}

const moment = (random: Random, from = 0, to = 1): Moment => ({
  by: random.chance(0.25) ? "time" : "progress",
  at: from + random.unit() * (to - from),
  laterMs: random.unit() * 50,
});

/** Draws a fault that any run outlives, at a moment between two shares of it. */
function drawStop(random: Random, from: number, to: number): Fault[] {
  const at = moment(random, from, to);
  const kind = random.unit();
  if (kind < 0.06) return [{ do: "interrupt", at }];
  if (kind < 0.12) {
    return [{ do: "pause", at, forMs: random.magnitude(50, 1_500), thenKill: random.chance(0.7) }];
  }
  const kill: Fault = { do: "kill", at };
  return random.chance(0.15) ? [kill, drawTear(random, false)] : [kill];
}

const drawTear = (random: Random, isCut: boolean): Fault => ({
  do: "tear",
  which: random.unit(),
  position: random.unit(),
  isCut,
});

function drawFaults(random: Random, theme: Theme, engine: Round["engine"]): Fault[] {
  const one = () => drawStop(random, 0.05, 0.9)[0]!;
  switch (theme) {
    case "kills": {
      const count = random.integer(3, 9);
      return Array.from({ length: count }, (_, index) =>
        drawStop(random, index / (count + 1), (index + 1) / (count + 1)),
      ).flat();
    }
    case "live": {
      const count = random.integer(1, 5);
      const faults = Array.from({ length: count }, (_, index): Fault[] => {
        const at = moment(random, index / (count + 1), (index + 1) / (count + 1));
        const kind = random.unit();
        if (kind < 0.15) return [{ do: "interrupt", at }];
        if (kind < 0.3) return [{ do: "pause", at, forMs: 500, thenKill: random.chance(0.5) }];
        return [{ do: "kill", at }, ...(kind < 0.45 ? [drawTear(random, false)] : [])];
      }).flat();
      return random.chance(0.25) ? [...faults, drawDamage(random, "log")] : faults;
    }
    case "together": {
      const together = (kill: Moment | null): Fault => ({
        do: "together",
        starts: random.integer(2, 6),
        kill,
        pauseFirst: kill === null && random.chance(0.2),
      });
      return [
        { do: "kill", at: moment(random, 0, 0.3) },
        ...(random.chance(0.4) ? [{ do: "lock" } as const] : []),
        together(moment(random, 0.2, 0.5)),
        together(moment(random, 0.4, 0.8)),
        together(null),
      ];
    }
    case "disk": {
      const way = random.pick(["small disk", "file limit"] as const);
      const count = random.integer(1, 3);
      const shares = Array.from({ length: count }, () => random.unit()).sort();
      return shares.flatMap((at): Fault[] => [
        { do: "disk", way, at },
        ...(random.chance(0.3) ? [one()] : []),
      ]);
    }
    case "damage":
      return [
        { do: "kill", at: moment(random, 0.1, 1.2) },
        random.chance(0.15) ? drawTear(random, true) : drawDamage(random),
      ];
    case "services": {
      const names: readonly ServiceName[] =
        engine === "spark"
          ? ["spark", "spark", "kafka", "namenode", "datanode", "zookeeper"]
          : ["kafka", "kafka", "namenode", "datanode", "zookeeper"];
      const count = random.integer(3, 6);
      return Array.from({ length: count }, (_, index): Fault => {
        const at = moment(random, index / (count + 1), (index + 1) / (count + 1));
        if (random.chance(0.2)) return { do: "kill", at };
        const how = random.chance(0.75) ? "kill" : "pause";
        return {
          do: "service",
          name: random.pick(names),
          how,
          at,
          forMs: random.magnitude(200, 8_000),
        };
      });
    }
  }
}

const drawDamage = (random: Random, place = random.pick(PLACES)): Fault => ({
  do: "damage",
  place,
  // The embedded log has no checksums: a changed byte is noticed only where it makes a record unreadable.
  harm: random.pick(place === "log" ? HARMS.filter((harm) => harm !== "flip") : HARMS),
  file: random.unit(),
  position: random.unit(),
});

function drawTheme(random: Random): Theme {
  const share = random.unit();
  if (share < 0.45) return "kills";
  if (share < 0.62) return "live";
  if (share < 0.7) return "together";
  return share < 0.8 ? "disk" : "damage";
}

/** Draws round `number` of a campaign: the same for the same seed, whichever rounds are played. */
export function drawRound(seed: number, number: number, services: boolean): Round {
  const random = randomOf(seed, number);
  const drawn = drawTheme(random);
  const theme = services ? "services" : drawn;
  const engine = services && random.chance(0.4) ? "spark" : "ts";
  const source = drawSource(random, theme);
  const isLive = source.kind === "live";
  // Some windows of a live feed must end while it lasts.
  const slideMs =
    source.kind === "live"
      ? 100 * Math.ceil((source.events * source.options.stepMs) / random.magnitude(2_000, 50_000))
      : 100 * random.magnitude(10, 600);
  const windowMs = random.chance(0.3)
    ? slideMs * random.integer(1, 3) + 100
    : slideMs * random.integer(1, 12);
  const { least, most } = engine === "spark" ? SPARK_BATCHES : services ? SERVICE_BATCHES : BATCHES;
  const batches = random.integer(least, most);
  // Alerts are our own engine's.
  const rules = engine === "ts" && random.chance(0.6) ? drawRules(random, isLive) : undefined;
  return {
    seed,
    number,
    theme,
    source,
    engine,
    services,
    windowMs,
    slideMs,
    watermarkMs: random.chance(0.2) ? 0 : 100 * random.magnitude(1, isLive ? 100 : 3_000),
    changeThreshold: random.pick([0, 0.1, 0.5, 2]),
    partitions: random.chance(0.1) ? random.integer(9, 40) : random.integer(1, 8),
    // A live batch takes all that waits, so that no partition falls behind and nothing is late.
    batch: isLive ? 1_000_000 : Math.ceil(source.events / batches),
    triggerMs: random.magnitude(50, 1_000),
    ...(source.kind === "market" && !services && random.chance(0.2)
      ? { speed: Math.ceil(source.events / 100 / random.integer(2, 5)) }
      : {}),
    rules,
    refuses: rules !== undefined && random.chance(0.3),
    faults: drawFaults(random, theme, engine),
  };
}

/** The round's source and settings in one line. */
export function describeRound(round: Round): string {
  const { source, engine, services, partitions, batch, windowMs, slideMs, watermarkMs } = round;
  return [
    `${source.kind}, ${source.events} events`,
    ...(services ? [`${engine} on Kafka and HDFS`] : []),
    `${partitions} partitions`,
    source.kind === "live" ? `trigger ${round.triggerMs} ms` : `batch ${batch}`,
    `window ${windowMs / 1_000} s / ${slideMs / 1_000} s`,
    `watermark ${watermarkMs / 1_000} s`,
    ...(round.speed === undefined ? [] : [`speed ${round.speed}`]),
    ...(round.rules === undefined ? [] : [`${round.rules.length} rules`]),
  ].join(", ");
}

/** The command that plays this round alone. */
export const reproduction = ({ seed, number, services }: Round): string =>
  `npm run test:faults -- --seed ${seed} --round ${number}${services ? " --services" : ""}`;
