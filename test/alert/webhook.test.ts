import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { accept, hang, refuse } from "../../labs/course/lesson/receiver.js";
import { openWebhook } from "../../labs/alert/webhook.js";
import { localStore } from "../../labs/store/local.js";
import { emptyOutput, writeBatch, type AlertRow } from "../../labs/store/products.js";
import { temporaryFolder } from "../support/folder.js";
import { receiver } from "../support/receiver.js";

const alert = (id: string): AlertRow => ({
  id,
  rule: "r",
  kind: "level",
  asset: "bitcoin",
  time: "2025-01-01T10:00:00.000Z",
  price_usd: 1,
  value: 1,
  text: "bitcoin is at $1",
});

async function setUp(url: string, timeoutMs = 200) {
  const store = localStore(await temporaryFolder());
  const notices: string[] = [];
  const notify = (notice: string) => void notices.push(notice);
  const open = () => openWebhook({ url, store, notify, timeoutMs, firstRetryMs: 20 });
  const webhook = await open();
  onTestFinished(async () => void (await webhook.close(0)));
  const write = (batchId: number, ...ids: string[]) =>
    writeBatch(store, { ...emptyOutput(batchId), alerts: ids.map(alert) });
  return { webhook, notices, write, open, store };
}

test("every alert is delivered once, in order, with its id as the key", async () => {
  const server = await receiver();
  // On a busy machine, a receiver may need longer than the tests below wait; a repetition would be right then.
  const { webhook, write, notices } = await setUp(server.url, 10_000);
  await write(3, "a", "b");
  webhook.wake();
  await expect.poll(() => server.requests).toHaveLength(2);
  await write(11, "c");
  webhook.wake();
  expect(await webhook.close(5_000)).toBe(0);
  expect(server.requests.map(({ alert: { id } }) => id)).toEqual(["a", "b", "c"]);
  expect(server.requests.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  expect(server.requests[0]!.alert).toEqual(alert("a"));
  expect(notices).toEqual([]);
});

test.each([
  ["fails", refuse(503), /it answered 503/],
  ["refuses", refuse(404), /it answered 404/],
  ["points elsewhere", refuse(302), /it answered 302/],
  ["hangs", hang, /no answer in time/],
])("a receiver that %s and comes back gets everything, in order", async (_, answer, notice) => {
  const server = await receiver(answer);
  const { webhook, write, notices } = await setUp(server.url);
  await write(0, "a", "b");
  webhook.wake();
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBeGreaterThan(2);
  expect(new Set(server.requests.map(({ alert: { id } }) => id))).toEqual(new Set(["a"]));
  expect(notices[0]).toMatch(notice);
  expect(notices[0]).toContain("alerts/ keeps it");
  server.answer = accept;
  expect(await webhook.close(10_000)).toBe(0);
  expect(server.accepted().map(({ id }) => id)).toEqual(["a", "b"]);
});

test("while a receiver is away the end does not wait for ever, and the next run goes on", async () => {
  const server = await receiver(refuse(500));
  const { webhook, write, open } = await setUp(server.url);
  await write(0, "a", "b");
  await write(1, "c");
  webhook.wake();
  await expect.poll(() => server.requests.length).toBeGreaterThan(0);
  expect(await webhook.close(100)).toBe(3);
  server.answer = accept;
  const next = await open();
  await expect.poll(() => server.accepted()).toHaveLength(3);
  expect(await next.close(1_000)).toBe(0);
  const last = await open(); // all is delivered: nothing is sent again
  await sleep(50);
  expect(await last.close(1_000)).toBe(0);
  expect(server.accepted().map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

test("nobody listens: the notice says so", async () => {
  const { webhook, write, notices } = await setUp("http://127.0.0.1:9/alerts");
  await write(0, "a");
  webhook.wake();
  await expect.poll(() => notices[0]).toMatch(/ECONNREFUSED/);
});

test("a record of deliveries with a changed byte is refused, or changes nothing", async () => {
  const server = await receiver();
  const { webhook, write, open, store } = await setUp(server.url);
  await write(12, "a", "b");
  webhook.wake();
  expect(await webhook.close(5_000)).toBe(0);
  const path = "checkpoint/webhook";
  const content = await store.read(path);
  for (let byte = 0; byte < content.length; byte++) {
    const damaged = Buffer.from(content);
    damaged[byte]! ^= 1 << (byte % 8);
    await store.write(path, damaged);
    const opened = await open().catch((error: unknown) => {
      expect(String(error)).toMatch(/checkpoint\/webhook is damaged: .*remove it to send all/s);
    });
    if (opened !== undefined) expect(await opened.close(5_000), String(damaged)).toBe(0);
  }
  expect(server.requests).toHaveLength(2);
  await store.write(path, '{"file":"part-00000012.jsonl","delivered":1}'); // of an older version of the lab
  expect(await (await open()).close(5_000)).toBe(0);
  expect(server.requests.map(({ alert: { id } }) => id)).toEqual(["a", "b", "b"]);
});
