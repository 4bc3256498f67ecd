import pRetry from "p-retry";
import { z } from "zod";
import { LabError, errorMessage } from "../shared/errors.js";
import { noAnswerReason, refusedStatus, request } from "../shared/http.js";
import type { Notify } from "../shared/notify.js";
import { checksum } from "../store/manifest.js";
import { committedFiles, readProductFile, type AlertRow } from "../store/products.js";
import type { Store } from "../store/store.js";
import { startTimer, type Timer } from "../shared/wait.js";

/** Where the progress of deliveries is stored, next to the checkpoint of the query. */
const CURSOR = "checkpoint/webhook";
const TIMEOUT_MS = 10_000;
/** How long counting the remaining alerts may take at the end. */
const COUNT_TIMEOUT_MS = 2_000;
/** How long deliveries may still take once the user has stopped the run. */
const STOPPED_DRAIN_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

export interface WebhookOptions {
  url: string;
  /** The store that contains `alerts/`. */
  store: Store;
  notify: Notify;
  timeoutMs?: number;
  firstRetryMs?: number;
}

/** The last file whose alerts were delivered, and how many of its alerts are delivered. */
interface Cursor {
  file: string;
  delivered: number;
}
const cursorSchema = z.object({
  file: z.string(),
  delivered: z.number().int().min(0),
  /** The checksum of the two; older versions of the lab did not write it. */
  crc32: z.string().optional(),
});
const checksumOf = ({ file, delivered }: Cursor) => checksum(`${file} ${delivered}`);

async function readCursor(store: Store): Promise<Cursor> {
  if (!(await store.list("checkpoint")).includes("webhook")) return { file: "", delivered: 0 };
  const text = (await store.read(CURSOR)).toString();
  try {
    const { crc32, ...cursor } = cursorSchema.parse(JSON.parse(text));
    if (crc32 === undefined || crc32 === checksumOf(cursor)) return cursor;
  } catch {
    // It is not JSON, or not a cursor.
  }
  throw new LabError(
    `${store.root}/${CURSOR} is damaged: expected {"file":…,"delivered":…,"crc32":…}, found ${text.slice(0, 120) || "nothing"}; remove it to send all alerts again (a receiver that remembers the ids processes each once)`,
  );
}

/**
 * Sends the alerts in `alerts/` to a URL, in order and one at a time: a `POST` with the alert as JSON and its id as
 * `Idempotency-Key` (IETF draft "The Idempotency-Key HTTP Header Field"). A delivery is retried until it is answered with 2xx,
 * also after a restart. Each alert is therefore delivered at least once, and a receiver that remembers the ids processes each
 * exactly once.
 *
 * `alerts/` is the queue (the transactional outbox pattern): nothing is buffered in memory, however long the receiver is
 * unavailable, and the pipeline does not wait for it.
 *
 * @throws LabError if the record of what was delivered is damaged
 */
export async function openWebhook(options: WebhookOptions) {
  const { url, store, notify, timeoutMs = TIMEOUT_MS, firstRetryMs = FIRST_RETRY_MS } = options;
  const firstCursor = await readCursor(store);
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
          `the webhook did not accept an alert (${reasonOf(error)}); trying again (attempt ${attemptNumber}); ` +
            "alerts/ keeps it",
        );
      },
    });
  }

  /** The files that may contain undelivered alerts, in order. */
  async function filesFrom(cursor: Cursor): Promise<string[]> {
    return (await committedFiles(store, "alerts")).filter((name) => name >= cursor.file);
  }

  async function deliver(): Promise<void> {
    let cursor = firstCursor;
    for (;;) {
      hasNew = false;
      for (const file of await filesFrom(cursor)) {
        if (file !== cursor.file) cursor = { file, delivered: 0 };
        const alerts = await readProductFile(store, "alerts", file);
        for (const alert of alerts.slice(cursor.delivered)) {
          await post(alert);
          cursor = { file, delivered: cursor.delivered + 1 };
          await store.write(CURSOR, JSON.stringify({ ...cursor, crc32: checksumOf(cursor) }));
        }
      }
      if (hasNew) continue;
      if (isClosing) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const delivering = deliver().catch((error: unknown) => {
    if (!stop.signal.aborted) notify(`delivery to the webhook has stopped: ${errorMessage(error)}`);
  });

  async function waiting(): Promise<number> {
    const cursor = await readCursor(store);
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
    /**
     * Waits until all alerts are delivered, at most `maxMs`, and at most two seconds more once `stopped` aborts, because
     * the user is then waiting.
     *
     * @returns the number of undelivered alerts; the next run delivers them
     */
    async close(maxMs: number, stopped?: AbortSignal): Promise<number> {
      isClosing = true;
      wake();
      const timers: Timer[] = [];
      // The store of the alerts may be unavailable, too.
      const late = new Promise<never>((_, reject) => {
        const message = `${store.root} does not answer in time`;
        stop.signal.addEventListener("abort", () => {
          timers.push(startTimer(COUNT_TIMEOUT_MS, () => reject(new LabError(message))));
        });
      });
      const stopAfter = (ms: number) => void timers.push(startTimer(ms, () => stop.abort()));
      const hurry = () => stopAfter(STOPPED_DRAIN_TIMEOUT_MS);
      stopAfter(maxMs);
      if (stopped?.aborted) hurry();
      stopped?.addEventListener("abort", hurry);
      return Promise.race([delivering.then(waiting), late]).finally(() => {
        stopped?.removeEventListener("abort", hurry);
        timers.forEach((timer) => timer.cancel());
      });
    },
  };
}

function reasonOf(error: unknown): string {
  const status = refusedStatus(error);
  return status === undefined ? noAnswerReason(error) : `it answered ${status}`;
}
