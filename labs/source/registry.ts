import { coingeckoCommand } from "./coingecko.js";
import { marketCommand } from "./market.js";
import { replayCommand } from "./replay.js";
import type { SourceCommand } from "./source.js";
import { websocketCommand } from "./websocket.js";

/** The one list of sources, the default first. `--source`, `--help` and the checks of options use it. */
export const SOURCES: readonly SourceCommand[] = [
  replayCommand,
  coingeckoCommand,
  websocketCommand,
  marketCommand,
];
