import { openFileLog } from "../../labs/log/file.js";
import { TOPIC } from "../../labs/log/log.js";
import { chunks } from "../../labs/source/chunks.js";
import { market } from "../../labs/source/market.js";
import {
  compareWithMinimum,
  inFolder,
  inThousands,
  say,
  timed,
  type Benchmark,
} from "./benchmark.js";
import { profiled } from "./profile.js";
import { BATCH, PARTITIONS, QUERY, streamLog } from "./market-log.js";

const EVENTS = 1_000_000;
const ASSETS = 1_000;
const HOUR_S = 3_600;
const LARGE = { ...QUERY, windows: { windowMs: HOUR_S * 1_000, slideMs: 1_000 } };

export const state: Benchmark = {
  name: "state",
  help: `${inThousands(ASSETS)} assets in windows of 1 h every 1 s, compared with 1 min every 10 s`,
  async measure() {
    return inFolder(async (folder) => {
      say(`making ${inThousands(EVENTS)} events of ${inThousands(ASSETS)} assets, an hour long …`);
      const log = await openFileLog(folder, TOPIC, PARTITIONS);
      const options = { seed: 1, events: EVENTS, assets: ASSETS, malformed: 0 };
      const source = market({ ...options, eventsPerSecond: EVENTS / HOUR_S });
      const messages = source.messages(new AbortController().signal);
      for await (const chunk of chunks(messages, () => BATCH, 60_000)) await log.append(chunk);
      await log.close();
      say("plain and large state …");
      const plainMs = await timed(() => streamLog(folder));
      const largeMs = await timed(() => streamLog(folder, LARGE));
      const perSecond = (ms: number) => `${inThousands((EVENTS / ms) * 1_000)} events/s`;
      const share = plainMs / largeMs;
      return [
        { what: "state: 1,000 assets, 1 min / 10 s", value: perSecond(plainMs), ratio: "1" },
        {
          what: "state: 1,000 assets, 1 h / 1 s (about 870 panes with events per asset)",
          value: perSecond(largeMs),
          ratio: share.toFixed(2),
          aim: compareWithMinimum(share, 0.5),
          where: await profiled(() => streamLog(folder, LARGE)),
        },
      ];
    });
  },
};
