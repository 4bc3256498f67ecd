import pRetry from "p-retry";
import { z } from "zod";
import { LabError, errorMessage } from "../shared/errors.js";
import { noAnswerReason, refusedStatus, request } from "../shared/http.js";
import type { Notify } from "../shared/notify.js";
import { committedFiles, readProductFile, type AlertRow } from "../store/products.js";
import type { Store } from "../store/store.js";
import { startTimer } from "../shared/wait.js";

/** How far the deliveries have come; with the checkpoint, since it is of the same query. */
const CURSOR = "checkpoint/webhook";
const TIMEOUT_MS = 10_000;
/** How long counting what is left may take at the end. */
const COUNT_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

export interface WebhookOptions {
  url: string;
  /** Where `alerts/` is. */
  store: Store;
  notify: Notify;
  timeoutMs?: number;
  firstRetryMs?: number;
}

export interface Webhook {
  /** Says that there is something new in `alerts/`. */
  wake(): void;
  /**
   * Waits until all is delivered, but not longer than `maxMs`.
   *
   * @returns how many alerts are not delivered yet: the next run goes on with them
   */
  close(maxMs: number): Promise<number>;
}

/** The last file that deliveries were made from, and how many of its alerts are delivered. */
const cursorSchema = z.object({ file: z.string(), delivered: z.number().int().min(0) });
type Cursor = z.infer<typeof cursorSchema>;

/**
 * Sends every alert of `alerts/` to a URL, one after the other in their order: `POST`, the alert as JSON, its id as `Idempotency-Key`
 * (the IETF's draft of that name). A delivery counts when it is answered by 2xx, and is tried again until then, at once
 * after a restart too: so each arrives at least once, and a receiver that keeps the ids takes each exactly once.
 *
 * `alerts/` is the queue (the pattern is called transactional outbox): nothing is kept in memory, however long the
 * receiver is away, and the pipeline waits for nobody.
 */
export function openWebhook(options: WebhookOptions): Webhook {
  const { url, store, notify, timeoutMs = TIMEOUT_MS, firstRetryMs = FIRST_RETRY_MS } = options;
  const stop = new AbortController();
  let isClosing = false;
  let hasNew = true;
  let wake = () => {};

  async function post(alert: AlertRow): Promise<void> {
    const headers = { "idempotency-key": alert.id };
    const send = () =>
      request({ method: "post", url, data: alert, headers }, timeoutMs, stop.signal);
    await pRetry(send, {
      retries: Infinity,
      minTimeout: firstRetryMs,
      maxTimeout: MAX_RETRY_MS,
      randomize: true,
      signal: stop.signal,
      onFailedAttempt({ error, attemptNumber }) {
        if (stop.signal.aborted) throw error;
        notify(
          `the webhook did not take an alert (${reasonOf(error)}); trying again (attempt ${attemptNumber}), ` +
            "and alerts/ keeps it",
        );
      },
    });
  }

  async function readCursor(): Promise<Cursor> {
    if (!(await store.list("checkpoint")).includes("webhook")) return { file: "", delivered: 0 };
    const text = (await store.read(CURSOR)).toString();
    try {
      return cursorSchema.parse(JSON.parse(text));
    } catch {
      throw new LabError(
        `${store.root}/${CURSOR} is damaged: expected {"file":…,"delivered":…}, found ${text.slice(0, 80) || "nothing"}; remove it, and all alerts are sent again (a receiver that keeps the ids takes each once)`,
      );
    }
  }

  /** The files that hold something to deliver, in order. */
  async function filesFrom(cursor: Cursor): Promise<string[]> {
    return (await committedFiles(store, "alerts")).filter((name) => name >= cursor.file);
  }

  async function deliver(): Promise<void> {
    let cursor = await readCursor();
    for (;;) {
      hasNew = false;
      for (const file of await filesFrom(cursor)) {
        if (file !== cursor.file) cursor = { file, delivered: 0 };
        const alerts = await readProductFile(store, "alerts", file);
        for (const alert of alerts.slice(cursor.delivered)) {
          await post(alert);
          cursor = { file, delivered: cursor.delivered + 1 };
          await store.write(CURSOR, JSON.stringify(cursor));
        }
      }
      if (hasNew) continue;
      if (isClosing) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const delivering = deliver().catch((error: unknown) => {
    if (!stop.signal.aborted) notify(`the webhook gets no more alerts: ${errorMessage(error)}`);
  });

  async function waiting(): Promise<number> {
    const cursor = await readCursor();
    let count = 0;
    for (const file of await filesFrom(cursor)) {
      const { length } = await readProductFile(store, "alerts", file);
      count += file === cursor.file ? length - cursor.delivered : length;
    }
    return count;
  }

  return {
    wake() {
      hasNew = true;
      wake();
    },
    async close(maxMs) {
      isClosing = true;
      wake();
      const timers = [startTimer(maxMs, () => stop.abort())];
      const counted = delivering.then(waiting);
      // Not only a receiver may be away: the store that alerts are read from, too.
      const late = new Promise<never>((_, reject) => {
        const message = `${store.root} does not answer in time`;
        timers.push(startTimer(maxMs + COUNT_TIMEOUT_MS, () => reject(new LabError(message))));
      });
      return Promise.race([counted, late]).finally(() => timers.forEach((timer) => timer.cancel()));
    },
  };
}

function reasonOf(error: unknown): string {
  const status = refusedStatus(error);
  return status === undefined ? noAnswerReason(error) : `it answered ${status}`;
}
