import { z } from "zod";
import { UsageError, errorMessage } from "../shared/errors.js";
import { parseDurationMs } from "../shared/time.js";
import { DETECTORS } from "./detector.js";
import type { Levels } from "./episode.js";

// The format of a file of alert rules:
//
//   { "webhook": "http://127.0.0.1:9000/alerts",
//     "rules": [ { "name": "bitcoin is high", "kind": "level", "assets": ["bitcoin"], "above_usd": 100000 } ] }

const EXAMPLE = "setup/alerts.example.json";

/** By default, an episode of a level rule ends when the price has moved back by this fraction of the level. */
const DEFAULT_REARM = 0.001;

const positive = z.number().positive();
const duration = z.string().transform((text, context) => {
  const ms = parseDurationMs(text);
  if (ms >= 1 && Number.isInteger(ms)) return ms;
  context.addIssue({
    code: "custom",
    message: 'expected a duration such as "30s" or "5m"',
  });
  return z.NEVER;
});

const common = {
  /** The name of the rule, shown in its alerts. */
  name: z.string().trim().min(1).max(80),
  /** The assets that it applies to; all by default. */
  assets: z.array(z.string().min(1)).min(1).optional(),
};

const change = z
  .strictObject({
    ...common,
    kind: z.literal("change"),
    /** An episode begins with a window whose price changes by at least this percentage … */
    percent: positive,
    /** … and ends with a window that changes by less than this; by default, half of `percent`. */
    rearm_percent: z.number().min(0).optional(),
    direction: z.enum(["up", "down", "both"]).default("both"),
  })
  .refine(({ percent, rearm_percent = -Infinity }) => rearm_percent <= percent, {
    path: ["rearm_percent"],
    message: "expected at most percent: an episode ends below where it begins",
  });

const level = z
  .strictObject({
    ...common,
    kind: z.literal("level"),
    /** An episode begins with a price of at least this, or … */
    above_usd: positive.optional(),
    /** … with a price of at most this. */
    below_usd: positive.optional(),
    /** An episode ends with a price on the other side of this; by default, a thousandth off the level. */
    rearm_usd: positive.optional(),
  })
  .refine(({ above_usd, below_usd }) => (above_usd === undefined) !== (below_usd === undefined), {
    message: "expected one of above_usd and below_usd",
  })
  .refine(
    ({ above_usd, below_usd, rearm_usd }) =>
      rearm_usd === undefined ||
      ((above_usd === undefined || rearm_usd <= above_usd) &&
        (below_usd === undefined || rearm_usd >= below_usd)),
    {
      path: ["rearm_usd"],
      message:
        "expected a price that is not beyond the level: at most above_usd, or at least below_usd",
    },
  );

const silence = z.strictObject({
  ...common,
  kind: z.literal("silence"),
  /** An episode begins when no event of the asset has arrived for this long, and ends with the next event. */
  after: duration,
});

const anomaly = z
  .strictObject({
    ...common,
    kind: z.literal("anomaly"),
    detector: z.enum(DETECTORS).default("robust"),
    /** Returns are computed over intervals of this length, in event time. */
    every: duration.prefault("10s"),
    /** How many previous returns a return is compared with. */
    window: z.number().int().min(4).max(100_000).default(60),
    /** An episode begins with a return at least this many standard deviations from the center … */
    threshold: positive.default(8),
    /** … and ends with a return that is nearer than this; by default, half of `threshold`. */
    rearm: z.number().min(0).optional(),
  })
  .refine(({ threshold, rearm = -Infinity }) => rearm <= threshold, {
    path: ["rearm"],
    message: "expected at most threshold: an episode ends below where it begins",
  });

const file = z.strictObject({
  /** The URL to which each alert is sent by POST. */
  webhook: z
    .url({ protocol: /^https?$/, error: "expected a URL that begins with http:// or https://" })
    .optional(),
  rules: z
    .array(z.discriminatedUnion("kind", [change, level, silence, anomaly]))
    .min(1)
    .refine((rules) => new Set(rules.map(({ name }) => name)).size === rules.length, {
      message: "expected a different name for each rule",
    }),
});

export type ChangeRule = z.output<typeof change>;
export type LevelRule = z.output<typeof level>;
export type SilenceRule = z.output<typeof silence>;
export type AnomalyRule = z.output<typeof anomaly>;
export type AlertRule = ChangeRule | LevelRule | SilenceRule | AnomalyRule;
export type AlertRules = z.output<typeof file>;

const MAX_SHOWN = 80;

/** An invalid place in the file: what was expected there, and the value that was found, unless it is a long one. */
function describe(file: unknown, { path, message }: z.core.$ZodIssue): string {
  const found = path.reduce<unknown>((at, part) => Object(at)[part], file);
  const shown = typeof found === "object" ? "" : JSON.stringify(found)?.slice(0, MAX_SHOWN);
  const place = z.core.toDotPath(path) || "the whole file";
  return shown ? `${place}: ${message}, found ${shown}` : `${place}: ${message}`;
}

/**
 * Parses a file of alert rules.
 *
 * @param name the file's name for error messages
 * @throws UsageError listing each invalid place with what was expected there
 */
export function parseAlertRules(text: string, name: string): AlertRules {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${name} is not JSON: ${errorMessage(error)} (see ${EXAMPLE})`,
      false, // --help does not explain rules
    );
  }
  const result = file.safeParse(value);
  if (result.success) return result.data;
  const places = result.error.issues.map((issue) => describe(value, issue));
  throw new UsageError(
    `${name} has invalid rules (see ${EXAMPLE}):\n  ${places.join("\n  ")}`,
    false,
  );
}

/** The direction in which a price enters an episode: 1 up to the level, −1 down to it. */
export const signOf = ({ above_usd }: LevelRule): 1 | -1 => (above_usd === undefined ? -1 : 1);

/** The levels of an anomaly rule. By default an episode ends at half of the threshold. */
export const anomalyLevels = (threshold: number, rearm = threshold / 2): Levels => {
  return { beginAt: threshold, endBelow: rearm };
};

/**
 * The values at which a rule's episodes begin and end. The unit depends on the kind: percent (change), dollars × sign (level),
 * milliseconds (silence, which ends with an event instead of a value), standard deviations (anomaly).
 */
export function levelsOf(rule: AlertRule): Levels {
  switch (rule.kind) {
    case "change":
      return { beginAt: rule.percent, endBelow: rule.rearm_percent ?? rule.percent / 2 };
    case "level": {
      const sign = signOf(rule);
      const beginUsd = (rule.above_usd ?? rule.below_usd)!;
      const endUsd = rule.rearm_usd ?? beginUsd * (1 - sign * DEFAULT_REARM);
      return { beginAt: sign * beginUsd, endBelow: sign * endUsd };
    }
    case "silence":
      return { beginAt: rule.after, endBelow: 0 };
    case "anomaly":
      return anomalyLevels(rule.threshold, rule.rearm);
  }
}
