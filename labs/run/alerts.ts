import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { AlertRule } from "../alert/rules.js";
import { UsageError, errorMessage } from "../shared/errors.js";
import type { Notify } from "../shared/notify.js";
import type { AlertRow } from "../store/products.js";
import type { Store } from "../store/store.js";

/** How many alerts of one batch are shown in the terminal. */
const MAX_ALERTS_SHOWN = 10;
/** How long the end of a run waits for a webhook. */
const DRAIN_TIMEOUT_MS = 10_000;
const STOPPED_DRAIN_TIMEOUT_MS = 2_000;

/** What `--alerts FILE` says. */
export interface AlertSettings {
  rules: AlertRule[];
  webhook: string | undefined;
  /** A short name for the rules that changes when they do. */
  digest: string;
}

/** Reads a file of rules. @throws UsageError if it cannot be read or a rule is wrong */
export async function readAlertSettings(path: string): Promise<AlertSettings> {
  const { parseAlertRules } = await import("../alert/rules.js");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`cannot read the rules of --alerts ${path}: ${errorMessage(error)}`);
  });
  const { rules, webhook } = parseAlertRules(text, path);
  const hash = createHash("sha256").update(JSON.stringify(rules)).digest("hex");
  return { rules, webhook, digest: `${rules.length} rules (${hash.slice(0, 8)})` };
}

/** Delivers alerts once they are in the store. */
export interface AlertDelivery {
  /** Takes what a batch has raised. */
  deliver(alerts: readonly AlertRow[]): void;
  /** Lets the webhook have what is left, for a limited time. @param isStopped whether somebody waits for the end */
  close(isStopped: boolean): Promise<void>;
}

/** Opens the delivery of alerts: to the terminal and, where the settings name one, to a webhook. */
export async function openDelivery(
  { webhook: url }: AlertSettings,
  store: Store,
  notify: Notify,
): Promise<AlertDelivery> {
  const { openWebhook } = await import("../alert/webhook.js");
  const webhook = url === undefined ? undefined : openWebhook({ url, store, notify });
  return {
    deliver(alerts) {
      if (alerts.length === 0) return;
      webhook?.wake();
      for (const { text, rule } of alerts.slice(0, MAX_ALERTS_SHOWN)) {
        notify(`alert: ${text} (${rule})`);
      }
      const more = alerts.length - MAX_ALERTS_SHOWN;
      if (more > 0) notify(`… and ${more} more alerts: alerts/ has them`);
    },
    async close(isStopped) {
      try {
        const waiting = await webhook?.close(
          isStopped ? STOPPED_DRAIN_TIMEOUT_MS : DRAIN_TIMEOUT_MS,
        );
        if (!waiting) return;
        notify(`${waiting} alerts are not with the webhook yet: the same command sends them`);
      } catch (error) {
        notify(`cannot tell what the webhook has: ${errorMessage(error)}`);
      }
    },
  };
}
