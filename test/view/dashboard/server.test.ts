import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openFeed } from "../../../labs/view/dashboard/feed.js";
import { DEFAULT_PORT, startDashboard } from "../../../labs/view/dashboard/server.js";
import { RUN } from "../../support/run-view.js";

async function dashboard(port?: number) {
  const feed = openFeed(RUN);
  const page = await startDashboard({ root: ".", feed, port, lag: () => Promise.resolve([3, 0]) });
  onTestFinished(async () => {
    feed.close();
    await page.close();
  });
  return { feed, url: page.url };
}

/** Asks with headers that fetch would not let through. */
function ask(url: string, headers: Record<string, string>, method = "GET") {
  return new Promise<{ status: number; headers: object; body: string }>((resolve, reject) => {
    const asking = request(url, { headers, method, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text) => (body += text));
      answer.on("end", () =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body }),
      );
    });
    asking.on("error", reject).end();
  });
}

test("a page of another site gets nothing: a foreign host or origin is refused", async () => {
  const { url } = await dashboard();
  const host = new URL(url).host;
  for (const path of ["/", "/events", "/metrics"]) {
    expect((await ask(url + path, { host: "evil.example:8050" })).status).toBe(403);
    expect((await ask(url + path, { host, origin: "http://evil.example" })).status).toBe(403);
  }
  expect((await ask(`${url}/`, { host })).status).toBe(200);
  expect((await ask(`${url}/`, { host, origin: url })).status).toBe(200);
});

test("only the page's own scripts run, and nothing can be written", async () => {
  const { url } = await dashboard();
  const { headers, body } = await ask(`${url}/`, { host: new URL(url).host });
  const policy = (headers as Record<string, string>)["content-security-policy"]!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(body).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=/);
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    for (const path of ["/", "/events", "/metrics"]) {
      const { status } = await ask(url + path, { host: new URL(url).host }, method);
      expect(status).toBe(404);
    }
  }
});

test("the page's script is one file, which contains the report's figure", async () => {
  const { url } = await dashboard();
  const answers = await Promise.all([fetch(`${url}/app.js`), fetch(`${url}/app.js`)]);
  const [script, again] = await Promise.all(answers.map((answer) => answer.text()));
  expect(answers[0]!.headers.get("content-type")).toMatch(/^text\/javascript/);
  expect(script).toContain("function priceFigure(");
  expect(script).not.toMatch(/^import /m);
  expect(again).toBe(script);
});

test("it listens on loopback only; a requested port is used or refused, the default one moves on if taken", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  await expect(dashboard(port)).rejects.toThrow(new RegExp(`port ${port} is taken: .*--serve`));
  const pages = [await dashboard(), await dashboard()];
  const ports = pages.map(({ url }) => Number(new URL(url).port));
  expect(ports[0]).toBeGreaterThanOrEqual(DEFAULT_PORT);
  expect(ports[1]).toBeGreaterThan(ports[0]!);
  for (const { url } of pages) expect(new URL(url).hostname).toBe("127.0.0.1");
});

test("the metrics are there for Prometheus, lag included", async () => {
  const { url, feed } = await dashboard();
  feed.setStatus({
    totals: {
      batches: 2,
      events: 10,
      rejected: 1,
      windows: 3,
      changes: 0,
      alerts: 5,
      lateEvents: null,
      droppedRows: 0,
    },
    ...{
      appended: 10,
      logged: 10,
      batchesNow: 2,
      openWindows: 4,
      watermarkMs: 70_000,
      newestEventMs: 100_000,
    },
    batchMs: 250,
    latest: [],
    offsets: [7, 4],
    ended: false,
  });
  const { headers, body } = await ask(`${url}/metrics`, { host: new URL(url).host });
  expect((headers as Record<string, string>)["content-type"]).toMatch(
    /^text\/plain; version=0\.0\.4/,
  );
  for (const line of [
    "# TYPE lab_events_total counter",
    "lab_events_total 10",
    "# TYPE lab_open_windows gauge",
    "lab_watermark_timestamp_seconds 70",
    "lab_batch_duration_seconds 0.25",
    'lab_partition_offset{partition="0"} 7',
    'lab_partition_lag{partition="0"} 3',
  ]) {
    expect(body.split("\n")).toContain(line);
  }
  expect(body).toMatch(/^lab_late_events_total nan$/im); // Spark does not count them
  const again = await ask(`${url}/metrics`, { host: new URL(url).host });
  expect(again.body).toContain("\nlab_events_total 10\n"); // a counter that is read is not added to
});

test("a listener gets everything first, then what is new", async () => {
  const { url, feed } = await dashboard();
  feed.addOutput({
    prices: [{ asset: "bitcoin", price_usd: 1, event_time: 1_000 }],
    windows: [],
    alerts: [],
  });
  const stop = new AbortController();
  const { body } = await fetch(`${url}/events`, { signal: stop.signal });
  let text = "";
  const reading = (async () => {
    for await (const piece of body!) text += Buffer.from(piece as Uint8Array).toString();
  })().catch(() => {});
  await expect.poll(() => text).toMatch(/event: snapshot\ndata: .*"prices":\[\[1000,1\]\]/);
  feed.addOutput({
    prices: [{ asset: "bitcoin", price_usd: 2, event_time: 9_000 }],
    windows: [],
    alerts: [],
  });
  await expect
    .poll(() => text, { timeout: 3_000 })
    .toMatch(/event: update\ndata: .*"prices":.*\[9000,2\]\]/);
  stop.abort();
  await reading;
});

test("twenty listeners at once all get what is new", async () => {
  const { url, feed } = await dashboard();
  const stop = new AbortController();
  const texts = new Array<string>(20).fill("");
  const readings = texts.map(async (_, index) => {
    const { body } = await fetch(`${url}/events`, { signal: stop.signal });
    try {
      for await (const piece of body!) texts[index] += Buffer.from(piece as Uint8Array).toString();
    } catch {
      return; // stopped
    }
  });
  await expect.poll(() => texts.every((text) => text.includes("event: snapshot"))).toBe(true);
  for (const event_time of [1_000, 3_000, 5_000]) {
    feed.addOutput({
      prices: [{ asset: "bitcoin", price_usd: 7, event_time }],
      windows: [],
      alerts: [],
    });
    const isThere = () => texts.every((text) => text.includes(`[${event_time},7]`));
    await expect.poll(isThere, { timeout: 3_000 }).toBe(true);
  }
  stop.abort();
  await Promise.all(readings);
});
