// The live page: draws what the pipeline sends by server-sent events, as numbers, a table and two charts. Everything
// from the data is inserted as text, never as HTML. The server bundles this file with the modules that it imports.

import { TOTALS, TOTAL_NAMES } from "../../../stream/totals.js";
import { COLOURS, axisIn, layoutIn } from "../../figure.js";
import { formatNumber, formatPercent, formatTotal } from "../../format.js";
import { priceFigure } from "../../report/figure.js";
import { addUpdate } from "../views.js";

/** @import { AlertRow } from "../../../store/products.js" */
/** @import { TotalSpec } from "../../../stream/totals.js" */
/** @import { Colours } from "../../figure.js" */
/** @import { Snapshot, Update } from "../views.js" */

/**
 * An element of index.html.
 *
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} type
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} "${id}"`);
  return found;
}

const connection = element("connection", HTMLElement);
const tiles = element("tiles", HTMLElement);
const table = element("assets", HTMLTableSectionElement);
const picker = element("asset", HTMLSelectElement);
const span = element("span", HTMLSelectElement);
const pause = element("pause", HTMLButtonElement);
const alertList = element("alerts", HTMLOListElement);

/** @param {number | null} ms */
const clock = (ms) =>
  ms === null ? "none yet" : new Date(ms).toISOString().slice(0, 19).replace("T", " ");
/** @param {number} ms */
const seconds = (ms) =>
  ms < 90_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;

/**
 * What the page has received so far.
 *
 * @type {Snapshot | undefined}
 */
let known;
/**
 * The asset in the chart.
 *
 * @type {string | undefined}
 */
let chosen;
let isPaused = false;
let isDrawn = false;
let isDrawingSoon = false;
let restUntilMs = 0;

/** @param {Snapshot} received */
function take(received) {
  known = received;
  if (!isPaused || !isDrawn) drawSoon();
}

/** Draws in the next frame. Pauses for longer than drawing takes, so that the page stays usable on a slow machine. */
function drawSoon() {
  if (isDrawingSoon) return;
  isDrawingSoon = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, restUntilMs - performance.now()));
}

function draw() {
  isDrawingSoon = false;
  if (known === undefined) return;
  const beganMs = performance.now();
  isDrawn = true;
  drawRun(known);
  drawTiles(known);
  drawPicker(known);
  drawTable(known);
  drawPrices();
  drawAlerts(known);
  drawLag(known);
  restUntilMs = performance.now() + 2 * (performance.now() - beganMs);
}

/** @param {Snapshot} snapshot */
function drawRun({ run }) {
  const { source, engine, topic, output, windowMs, slideMs, delayMs } = run;
  element("run", HTMLElement).textContent =
    `${source} → topic ${topic} → ${engine}, windows of ${windowMs / 1_000} s every ${slideMs / 1_000} s, ` +
    `${delayMs / 1_000} s for late events → ${output}`;
}

/** @param {Snapshot} snapshot */
function drawTiles({ run, stream }) {
  const totals = TOTAL_NAMES.filter((name) => {
    /** @type {TotalSpec} */
    const { isOptional } = TOTALS[name];
    return isOptional !== true || run.watched;
  });
  const { watermarkMs, newestEventMs, batchMs } = stream;
  const texts = {
    ...Object.fromEntries(totals.map((name) => [TOTALS[name].label, formatTotal(stream[name])])),
    "open windows (state)": formatNumber(stream.openWindows),
    "events per second": formatNumber(stream.eventsPerSecond),
    "last batch": batchMs === null ? "n/a" : `${Math.round(batchMs)} ms`,
    "newest event (UTC)": clock(newestEventMs),
    "watermark (UTC)": clock(watermarkMs),
    "watermark lag":
      watermarkMs === null || newestEventMs === null
        ? "none yet"
        : seconds(newestEventMs - watermarkMs),
    "offsets read": stream.offsets
      .map((offset, partition) => `${partition}: ${formatNumber(offset)}`)
      .join(" · "),
    source: stream.ended ? "ended" : "running",
  };
  for (const [name, text] of Object.entries(texts)) tile(name).textContent = text;
}

/**
 * The element for the value of a tile, created if it is new.
 *
 * @param {string} name
 */
function tile(name) {
  const found = tiles.querySelector(`[data-name="${name}"] dd`);
  if (found !== null) return found;
  const box = document.createElement("div");
  box.dataset["name"] = name;
  const title = document.createElement("dt");
  title.textContent = name;
  const value = document.createElement("dd");
  box.append(title, value);
  tiles.append(box);
  return value;
}

/** @param {Snapshot} snapshot */
const byName = ({ assets }) => [...assets].sort((a, b) => (a.asset < b.asset ? -1 : 1));

/** @param {Snapshot} snapshot */
function drawPicker(snapshot) {
  const wanted = byName(snapshot).map(({ asset }) => asset);
  const shown = [...picker.options].map(({ value }) => value);
  if (wanted.length !== shown.length || wanted.some((name, index) => name !== shown[index])) {
    picker.replaceChildren(
      ...wanted.map((name) => {
        const option = document.createElement("option");
        option.value = name;
        option.textContent = name;
        return option;
      }),
    );
  }
  if (chosen === undefined || !wanted.includes(chosen)) chosen = wanted[0];
  if (chosen !== undefined) picker.value = chosen;
}

/** @param {Snapshot} snapshot */
function drawTable(snapshot) {
  const { run, limits, stream } = snapshot;
  const nowMs = run.recorded ? stream.newestEventMs : Date.now();
  const rows = byName(snapshot).map(({ asset, price, eventTimeMs, windows }) => {
    const last = windows.at(-1);
    const cells = [
      asset,
      formatNumber(price),
      nowMs === null ? "" : seconds(Math.max(0, nowMs - eventTimeMs)),
      last === undefined ? "" : formatPercent(last.pct_change),
      last === undefined ? "" : formatNumber(last.avg_price),
      last === undefined || last.stddev_price === null ? "" : formatNumber(last.stddev_price),
    ];
    const row = document.createElement("tr");
    row.append(
      ...cells.map((text, index) => {
        const cell = document.createElement(index === 0 ? "th" : "td");
        if (index === 0) cell.scope = "row";
        if (index === 3 && last !== undefined && Math.abs(last.pct_change) >= run.changeThreshold) {
          cell.className = last.pct_change < 0 ? "down" : "up";
        }
        cell.textContent = text;
        return cell;
      }),
    );
    return row;
  });
  table.replaceChildren(...rows);
  element("more-assets", HTMLElement).textContent =
    rows.length < limits.assets
      ? ""
      : `The first ${limits.assets} assets are shown; latest/ has all of them.`;
}

/**
 * The page's colours, light or dark, for the charts.
 *
 * @returns {Colours}
 */
function colours() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const accent = colour("accent");
  return {
    ...COLOURS,
    ...{ price: colour("soft"), average: accent, band: `${accent}33`, warning: colour("odd") },
    ...{ up: colour("up"), down: colour("down") },
    ...{ grid: colour("line"), ink: colour("ink"), ground: colour("ground") },
  };
}

const CONFIG = { responsive: true, displayModeBar: false };

function drawPrices() {
  const view = known?.assets.find(({ asset }) => asset === chosen);
  if (known === undefined || view === undefined) return;
  const { run, alerts } = known;
  const spanMs = Number(span.value);
  const fromMs = spanMs === 0 ? -Infinity : view.eventTimeMs - spanMs;
  const windows = view.windows.filter(({ window_end }) => window_end >= fromMs);
  const series = {
    prices: view.prices.flatMap(([event_time, price_usd]) =>
      event_time < fromMs ? [] : [{ event_time, price_usd }],
    ),
    windows,
    changes: windows.filter(({ pct_change }) => Math.abs(pct_change) >= run.changeThreshold),
    priceStride: 1,
  };
  // Alerts before the first window would stand alone at the edge.
  const firstMs = Math.max(fromMs, view.windows[0]?.window_end ?? -Infinity);
  const marked = alerts.filter(
    ({ asset, time }) => asset === chosen && Date.parse(time) >= firstMs,
  );
  const options = { alerts: marked, colours: colours(), hasChangePanel: false };
  const { data, layout } = priceFigure(series, run, options);
  void Plotly.react("prices", data, layout, CONFIG);
}

/**
 * Newest first. Only new alerts are added, so that a screen reader reads each once and the scroll position is kept.
 *
 * @param {Snapshot} snapshot
 */
function drawAlerts({ run, alerts }) {
  const nothing = element("no-alerts", HTMLElement);
  nothing.hidden = alerts.length > 0;
  alertList.hidden = alerts.length === 0;
  nothing.textContent = run.watched
    ? "None yet."
    : "No alert rules: use --alerts FILE with our own engine (example: setup/alerts.example.json).";
  const wanted = new Set(alerts.map(({ id }) => id));
  /** @type {Map<string, HTMLElement>} */
  const shown = new Map();
  for (const item of alertList.querySelectorAll("li")) {
    const { id = "" } = item.dataset;
    if (wanted.has(id)) shown.set(id, item);
    else item.remove();
  }
  /** @type {HTMLElement | null} */
  let older = null;
  for (const alert of [...alerts].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))) {
    /** @type {HTMLElement} */
    const item = shown.get(alert.id) ?? alertList.insertBefore(alertItem(alert), older);
    older = item;
  }
}

/** @param {AlertRow} alert */
function alertItem({ id, time, kind, rule, text }) {
  const item = document.createElement("li");
  item.dataset["id"] = id;
  const when = document.createElement("time");
  when.dateTime = time;
  when.textContent = clock(Date.parse(time));
  const name = document.createElement("span");
  name.className = kind === "anomaly" ? "rule anomaly" : "rule";
  name.textContent = rule;
  item.append(when, name, text);
  return item;
}

/** @param {Snapshot} snapshot */
function drawLag({ stream }) {
  const used = colours();
  const axis = axisIn(used);
  const trace = {
    type: "scatter",
    mode: "lines",
    x: stream.watermarkLags.map(([wallMs]) => wallMs),
    y: stream.watermarkLags.map(([, lagMs]) => lagMs / 1_000),
    line: { color: used.average, width: 2 },
    fill: "tozeroy",
    fillcolor: used.band,
  };
  const layout = {
    ...layoutIn(used),
    height: 220,
    margin: { l: 70, r: 10, t: 10, b: 50 },
    xaxis: { ...axis, type: "date" },
    yaxis: { ...axis, title: { text: "seconds" } },
  };
  void Plotly.react("lag", [trace], layout, CONFIG);
}

/**
 * @param {"live" | "lost"} state
 * @param {string} text
 */
function showConnection(state, text) {
  if (connection.dataset["state"] === state) return;
  connection.dataset["state"] = state;
  connection.textContent = text;
}

picker.addEventListener("change", () => {
  chosen = picker.value;
  drawPrices();
});
span.addEventListener("change", drawPrices);
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  pause.textContent = isPaused ? "Resume" : "Pause";
  if (!isPaused) draw();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

/**
 * The browser reconnects automatically, and the new snapshot contains what it missed. A hidden page closes its connection,
 * because a browser allows at most six connections to one server across all tabs.
 *
 * @type {EventSource | undefined}
 */
let source;

function listen() {
  source = new EventSource("/events");
  source.addEventListener("open", () => showConnection("live", "connected"));
  source.addEventListener("error", () => showConnection("lost", "connection lost; reconnecting …"));
  source.addEventListener("snapshot", ({ data }) => {
    /** @type {Snapshot} */
    const snapshot = JSON.parse(data);
    take(snapshot);
  });
  source.addEventListener("update", ({ data }) => {
    /** @type {Update} */
    const update = JSON.parse(data);
    if (known !== undefined) take(addUpdate(known, update));
  });
}

document.addEventListener("visibilitychange", () => {
  source?.close();
  source = undefined;
  if (document.visibilityState === "visible") listen();
});
if (document.visibilityState === "visible") listen();
