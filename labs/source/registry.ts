import { coingeckoCommand } from "./coingecko.js";
import { marketCommand } from "./market.js";
import { replayCommand } from "./replay.js";
import type { SourceCommand } from "./source.js";
import { websocketCommand } from "./websocket.js";

/** The sources, the default one first. `--help`, the checks of options and `--source` go by this list. */
export const SOURCES: readonly SourceCommand[] = [
  replayCommand,
  coingeckoCommand,
  websocketCommand,
  marketCommand,
];
