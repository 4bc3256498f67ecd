import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAlertRules } from "../../labs/alert/rules.js";
import { QUERY, streamLog } from "./market-log.js";
import type { Timing } from "./timing.js";

const RULES = "setup/alerts.example.json";

export const alerts: Timing = {
  name: "alerts",
  help: `the same, with the rules of ${RULES}`,
  what: `the same, with the rules of ${RULES}`,
  async open({ root, marketLog }) {
    const { folder } = await marketLog();
    const { rules } = parseAlertRules(await readFile(join(root, RULES), "utf8"), RULES);
    return () => streamLog(folder, { ...QUERY, alertRules: rules });
  },
};
