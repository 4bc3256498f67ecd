import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { findBrowser } from "../../labs/course/chapters/browser.js";
import { BROWSER_ARGUMENTS } from "../../labs/course/chapters/pictures.js";
import { localStore } from "../../labs/store/local.js";
import { readAll } from "../../labs/store/products.js";
import { temporaryFolder } from "../support/folder.js";

// The live page in a real browser.

const SCREENSHOTS = ".lab/screenshots";
const HOSTILE = '<img src=x onerror="document.title=1">';
let browser: Browser;

beforeAll(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  browser = await chromium.launch({
    executablePath: await findBrowser("."),
    args: BROWSER_ARGUMENTS,
  });
});
afterAll(() => browser?.close());

interface Served {
  url: string;
  child: ChildProcess;
  said(): string;
}

async function serve(out: string, ...options: string[]): Promise<Served> {
  const args = ["--import", "tsx", "scripts/run-pipeline.ts", "--out", out, "--serve", ...options];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text) => (said += text));
  }
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  });
  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/live page: http/);
  const [, url] = /live page: (\S+)/.exec(said)!;
  return { url: url!, child, said: () => said };
}

async function open(url: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1100 }, ...options });
  onTestFinished(() => page.close());
  await page.goto(url);
  return page;
}

interface Trace {
  name?: string;
  x: number[];
  y: number[];
}

/** The points [time, value] of the lines and markers in the chart of prices, by name. */
async function chart(page: Page, name: string): Promise<[number, number][]> {
  const traces = await page
    .locator("#prices")
    .evaluate((element) => (element as unknown as { data: Trace[] }).data);
  const { x, y } = traces.find((trace) => trace.name === name)!;
  return x.map((timeMs, index) => [timeMs, y[index]!]);
}

const figure = (page: Page, name: string) => page.locator(`[data-name="${name}"] dd`);
const number = async (page: Page, name: string) =>
  Number((await figure(page, name).innerText()).replaceAll(",", ""));

test("the page moves within two seconds, and at the end it shows what the products hold", async () => {
  const out = await temporaryFolder();
  const { url, said } = await serve(
    out,
    "--source",
    "market",
    "--events",
    "20000",
    "--speed",
    "40",
    "--alerts",
    "setup/alerts.example.json",
  );
  const page = await open(url);
  await figure(page, "events").waitFor();
  const first = await number(page, "events");
  await expect.poll(() => number(page, "events"), { timeout: 2_000 }).toBeGreaterThan(first);
  await expect.poll(said, { timeout: 30_000 }).toMatch(/the live page stays/);

  const store = localStore(out);
  const [prices, windows, latest, alerts] = [
    await readAll(store, "prices"),
    await readAll(store, "windows"),
    await readAll(store, "latest"),
    await readAll(store, "alerts"),
  ];
  await expect.poll(() => number(page, "events")).toBe(prices.length);
  expect(await number(page, "windows written")).toBe(windows.length);
  expect(await number(page, "alerts")).toBe(alerts.length);
  expect(alerts.length).toBeGreaterThan(2);
  const listed = await page
    .locator("#alerts li")
    .evaluateAll((items) => items.map((item) => item.getAttribute("data-id")));
  const byTime = alerts.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  expect(listed).toEqual(byTime.map(({ id }) => id).reverse());
  expect(await figure(page, "source").innerText()).toBe("ended");
  const format = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 7 });
  const rows = await page.locator("#assets tr").allInnerTexts();
  expect(rows.map((row) => row.split("\t").slice(0, 2))).toEqual(
    latest.map(({ asset, price_usd }) => [asset, format.format(price_usd)]),
  );
  await page.locator("#prices .main-svg").first().waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/dashboard.png`, fullPage: true });
  const asset = await page.locator("#asset").inputValue();
  const priceOf = new Map<number, number[]>();
  for (const row of prices.filter((each) => each.asset === asset)) {
    priceOf.set(row.event_time, [...(priceOf.get(row.event_time) ?? []), row.price_usd]);
  }
  const drawn = await chart(page, "price");
  // The tape is 200 s long, and the page keeps a price a second.
  expect(drawn.length).toBeGreaterThan(100);
  for (const [timeMs, price] of drawn) expect(priceOf.get(timeMs)).toContain(price);
  const averages = windows.filter((each) => each.asset === asset);
  expect(await chart(page, "rolling average")).toEqual(
    averages.map(({ window_end, avg_price }) => [window_end, avg_price]),
  );

  const shown = async () =>
    (await page.locator("#assets").innerText()) + (await page.locator("#alerts").innerText());
  const before = await shown();
  await page.reload();
  await expect.poll(shown).toBe(before);
});

test("twenty pages at once are all served, and one that drops out disturbs nobody", async () => {
  const out = await temporaryFolder();
  const { url, said } = await serve(out, "--source", "market", "--events", "8000", "--speed", "10");
  const pages = await Promise.all(Array.from({ length: 20 }, () => open(url)));
  await Promise.all(pages.map((page) => figure(page, "events").waitFor()));
  await pages[0]!.context().close();
  await expect.poll(said, { timeout: 60_000 }).toMatch(/the live page stays/);
  const { length } = await readAll(localStore(out), "prices");
  for (const page of pages.slice(1)) {
    await expect.poll(() => number(page, "events"), { timeout: 20_000 }).toBe(length);
  }
});

test("a page says that the connection is lost, and heals when the pipeline is back, with the past", async () => {
  const out = await temporaryFolder();
  const options = ["--source", "market", "--events", "40000", "--speed", "30"];
  const { url, child } = await serve(out, ...options);
  const page = await open(url);
  await expect.poll(() => number(page, "windows written"), { timeout: 20_000 }).toBeGreaterThan(50);
  child.kill("SIGKILL");
  await page.getByText("connection lost").waitFor({ timeout: 10_000 });
  const store = localStore(out);
  const pastPrices = await readAll(store, "prices");
  const pastWindows = await readAll(store, "windows");
  const again = await serve(out, ...options);
  expect(again.url).toBe(url);
  await page.getByText("connected", { exact: true }).waitFor({ timeout: 20_000 });
  const asset = await page.locator("#asset").inputValue();
  const timesOf = (rows: { asset: string; event_time: number }[]) =>
    rows.filter((row) => row.asset === asset).map(({ event_time }) => event_time);
  const lastPriceMs = Math.max(...timesOf(pastPrices));
  // A price that no product held before the restart: the chart is drawn from what the new run has sent.
  const newestMs = async () => (await chart(page, "price")).at(-1)?.[0] ?? 0;
  await expect.poll(newestMs, { timeout: 20_000 }).toBeGreaterThan(lastPriceMs);
  const past = (await chart(page, "price")).filter(([timeMs]) => timeMs <= lastPriceMs);
  expect(past.length).toBeGreaterThan(50);
  const ends = pastWindows.filter((row) => row.asset === asset).map(({ window_end }) => window_end);
  const averages = (await chart(page, "rolling average")).map(([timeMs]) => timeMs);
  expect(averages.slice(0, ends.length)).toEqual(ends);
});

test("names from the data are text: none of them runs", async () => {
  const folder = await temporaryFolder();
  const tape = join(folder, "hostile.jsonl");
  const lines = [HOSTILE, "<script>document.title=2</script>", "bitcoin"].flatMap((asset) =>
    [0, 70, 200].map((s) =>
      JSON.stringify({ asset, price_usd: 5 + s, event_time: new Date(s * 1_000).toISOString() }),
    ),
  );
  await writeFile(tape, lines.join("\n"));
  const rules = join(folder, "rules.json");
  const rule = { name: HOSTILE, kind: "level", above_usd: 7 };
  await writeFile(rules, JSON.stringify({ rules: [rule] }));
  const options = ["--source", "replay", "--tape", tape, "--alerts", rules];
  const { url } = await serve(join(folder, "out"), ...options);
  const page = await open(url);
  await page.locator("#assets").getByText(HOSTILE, { exact: true }).waitFor();
  await page.selectOption("#asset", HOSTILE);
  await page.locator("#alerts").getByText(`${HOSTILE} is at`).waitFor();
  expect(await page.locator("#alerts .rule").allInnerTexts()).toEqual([HOSTILE, HOSTILE, HOSTILE]);
  await page.waitForTimeout(500);
  expect(await page.title()).toBe("Crypto streaming lab, live");
  expect(await page.locator("main img, main script").count()).toBe(0);
});

test("it can be used by keyboard, is readable on a phone, and passes axe in light and dark", async () => {
  const out = await temporaryFolder();
  const rules = ["--alerts", "setup/alerts.example.json"];
  const { url, said } = await serve(out, "--source", "market", "--events", "20000", ...rules);
  await expect.poll(said, { timeout: 30_000 }).toMatch(/the live page stays/);
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await open(url, {
      colorScheme,
      viewport: { width: 390, height: 800 },
      bypassCSP: true,
    });
    await page.locator("#prices .main-svg").first().waitFor();
    const width = await page.locator("html").evaluate(({ scrollWidth }) => scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    await page.addScriptTag({ path: resolve("node_modules/axe-core/axe.min.js") });
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
    });
    expect(violations).toEqual([]);
    await page.screenshot({
      path: `${SCREENSHOTS}/dashboard-phone-${colorScheme}.png`,
      fullPage: true,
    });
  }
  const page = await open(url);
  await page.locator("#prices .main-svg").first().waitFor();
  await page.locator("#pause").focus();
  await page.keyboard.press("Enter");
  expect(await page.locator("#pause").getAttribute("aria-pressed")).toBe("true");
});
