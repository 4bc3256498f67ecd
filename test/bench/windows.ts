import { streamLog } from "./market-log.js";
import type { Timing } from "./timing.js";

export const windows: Timing = {
  name: "windows",
  help: "from the bytes of a log to closed windows",
  what: "log bytes → closed windows",
  aim: 1.8,
  async open({ marketLog }) {
    const { folder } = await marketLog();
    return () => streamLog(folder);
  },
};
