import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { AlertRule } from "../alert/rules.js";
import { UsageError, errorMessage } from "../shared/errors.js";
import type { Notify } from "../shared/notify.js";
import type { AlertRow } from "../store/products.js";
import type { Store } from "../store/store.js";

/** How many alerts of one batch are shown in the terminal. */
const MAX_ALERTS_SHOWN = 10;
/** How long a run that has ended waits for the webhook to accept the remaining alerts. */
const DRAIN_TIMEOUT_MS = 10_000;

/** The contents of `--alerts FILE`. */
export interface AlertSettings {
  rules: AlertRule[];
  webhook: string | undefined;
  /** A short identifier of the rules: it changes when they do. */
  digest: string;
}

/** Reads a file of alert rules. @throws UsageError if it cannot be read or a rule is invalid */
export async function readAlertSettings(path: string): Promise<AlertSettings> {
  const { parseAlertRules } = await import("../alert/rules.js");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`cannot read the alert rules ${path}: ${errorMessage(error)}`);
  });
  const { rules, webhook } = parseAlertRules(text, path);
  const hash = createHash("sha256").update(JSON.stringify(rules)).digest("hex");
  return { rules, webhook, digest: `${rules.length} rules (${hash.slice(0, 8)})` };
}

/** Delivers alerts that are already in the store. */
export interface AlertDelivery {
  /** Delivers the alerts of one batch. */
  deliver(alerts: readonly AlertRow[]): void;
  /**
   * Waits a limited time for the webhook to accept the remaining alerts.
   *
   * @param stopped shortens the wait when it aborts
   */
  close(stopped: AbortSignal): Promise<void>;
}

/** Opens the delivery of alerts: to the terminal and, if the settings name one, to a webhook. */
export async function openDelivery(
  { webhook: url }: AlertSettings,
  store: Store,
  notify: Notify,
): Promise<AlertDelivery> {
  const { openWebhook } = await import("../alert/webhook.js");
  const webhook = url === undefined ? undefined : await openWebhook({ url, store, notify });
  return {
    deliver(alerts) {
      if (alerts.length === 0) return;
      webhook?.wake();
      for (const { text, rule } of alerts.slice(0, MAX_ALERTS_SHOWN)) {
        notify(`alert: ${text} (${rule})`);
      }
      const more = alerts.length - MAX_ALERTS_SHOWN;
      if (more > 0) notify(`… and ${more} more alerts: see alerts/`);
    },
    async close(stopped) {
      try {
        const waiting = await webhook?.close(DRAIN_TIMEOUT_MS, stopped);
        if (!waiting) return;
        notify(
          `alerts not delivered to the webhook yet: ${waiting}; run the same command again to send them`,
        );
      } catch (error) {
        notify(`cannot tell which alerts reached the webhook: ${errorMessage(error)}`);
      }
    },
  };
}
