// The live page: what the pipeline tells it by server-sent events, as numbers, a table and two charts. Everything that
// comes from the data is written as text, never as HTML.

/* global Plotly */

/** What the page keeps at most, and of each asset; the server's own bounds. */
const MAX_ASSETS = 100;
const MOST_PRICES = 1_000;
const MOST_WINDOWS = 720;
const MOST_GAPS = 600;
const MOST_ALERTS = 200;

const element = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 7 });
const clock = (ms) =>
  ms === null ? "none yet" : new Date(ms).toISOString().slice(0, 19).replace("T", " ");
const seconds = (ms) =>
  ms < 90_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
const percent = (value) => `${value > 0 ? "+" : ""}${value.toFixed(3)} %`;

let run;
let stream;
const assets = new Map();
let alerts = [];
let chosen;
let isPaused = false;
let isDrawn = false;
let isWaiting = false;
let restUntilMs = 0;

/** Takes all that is known, or what is new. */
function take(message, isAll) {
  if (isAll) {
    run = message.run;
    assets.clear();
    alerts = [];
    stream = { gaps: [] };
  }
  const gaps = [...(isAll ? [] : stream.gaps), ...message.stream.gaps].slice(-MOST_GAPS);
  stream = { ...message.stream, gaps };
  for (const { asset, price, eventTimeMs, prices, windows } of message.assets) {
    const before = assets.get(asset) ?? { prices: [], windows: [] };
    // An update may repeat what a snapshot has had already.
    const lastPriceMs = before.prices.at(-1)?.[0] ?? -Infinity;
    const lastEndMs = before.windows.at(-1)?.endMs ?? -Infinity;
    const newPrices = prices.filter(([timeMs]) => timeMs > lastPriceMs);
    const newWindows = windows.filter(({ endMs }) => endMs > lastEndMs);
    assets.set(asset, {
      price,
      eventTimeMs,
      prices: [...before.prices, ...newPrices].slice(-MOST_PRICES),
      windows: [...before.windows, ...newWindows].slice(-MOST_WINDOWS),
    });
  }
  const known = new Set(alerts.map(({ id }) => id));
  alerts = [...alerts, ...message.alerts.filter(({ id }) => !known.has(id))]
    .sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
    .slice(-MOST_ALERTS);
  if (!isPaused || !isDrawn) drawSoon();
}

/** Draws with the next frame, but rests between two drawings for longer than one takes: a slow machine must stay usable. */
function drawSoon() {
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, restUntilMs - performance.now()));
}

function draw() {
  const beganMs = performance.now();
  isWaiting = false;
  isDrawn = true;
  drawRun();
  drawFigures();
  drawPicker();
  drawTable();
  drawPrices();
  drawAlerts();
  drawGap();
  restUntilMs = performance.now() + 2 * (performance.now() - beganMs);
}

function drawRun() {
  const { source, engine, topic, output, windowMs, slideMs, delayMs } = run;
  element("run").textContent =
    `${source} → topic ${topic} → ${engine}, windows of ${windowMs / 1_000} s every ${slideMs / 1_000} s, ` +
    `${delayMs / 1_000} s for late events → ${output}`;
}

function drawFigures() {
  const gap =
    stream.watermarkMs === null || stream.newestEventMs === null
      ? "none yet"
      : seconds(stream.newestEventMs - stream.watermarkMs);
  const figures = {
    events: numbers.format(stream.events),
    "events a second": numbers.format(stream.eventsPerSecond),
    "last batch": stream.batchMs === null ? "not told" : `${Math.round(stream.batchMs)} ms`,
    batches: numbers.format(stream.batches),
    "late events": stream.lateEvents === null ? "not counted" : numbers.format(stream.lateEvents),
    rejected: numbers.format(stream.rejected),
    "windows written": numbers.format(stream.windows),
    "windows open (state)": numbers.format(stream.openWindows),
    changes: numbers.format(stream.changes),
    ...(run.watched ? { alerts: numbers.format(stream.alerts) } : {}),
    "newest event (UTC)": clock(stream.newestEventMs),
    "watermark (UTC)": clock(stream.watermarkMs),
    "gap between the two": gap,
    "offsets read": stream.offsets
      .map((offset, partition) => `${partition}: ${numbers.format(offset)}`)
      .join(" · "),
    "the source": stream.ended ? "has ended" : "runs",
  };
  const list = element("figures");
  for (const [name, value] of Object.entries(figures)) {
    let box = list.querySelector(`[data-name="${name}"]`);
    if (box === null) {
      box = document.createElement("div");
      box.dataset.name = name;
      box.append(document.createElement("dt"), document.createElement("dd"));
      box.firstChild.textContent = name;
      list.append(box);
    }
    box.lastChild.textContent = value;
  }
}

const names = () => [...assets.keys()].sort();

function drawPicker() {
  const picker = element("asset");
  const wanted = names();
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
  if (!assets.has(chosen)) chosen = wanted[0];
  if (chosen !== undefined) picker.value = chosen;
}

function drawTable() {
  const body = element("assets");
  const nowMs = run.recorded ? stream.newestEventMs : Date.now();
  const rows = names().map((name) => {
    const { price, eventTimeMs, windows } = assets.get(name);
    const last = windows.at(-1);
    const cells = [
      name,
      numbers.format(price),
      nowMs === null ? "" : seconds(Math.max(0, nowMs - eventTimeMs)),
      last === undefined ? "" : percent(last.change),
      last === undefined ? "" : numbers.format(last.average),
      last?.deviation == null ? "" : numbers.format(last.deviation),
    ];
    const row = document.createElement("tr");
    row.append(
      ...cells.map((text, index) => {
        const cell = document.createElement(index === 0 ? "th" : "td");
        if (index === 0) cell.scope = "row";
        if (index === 3 && last?.marked) cell.className = last.change < 0 ? "down" : "up";
        cell.textContent = text;
        return cell;
      }),
    );
    return row;
  });
  body.replaceChildren(...rows);
  element("more-assets").textContent =
    rows.length < MAX_ASSETS ? "" : `The first ${MAX_ASSETS} assets; latest/ has them all.`;
}

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function layout(height, y) {
  const axis = { gridcolor: colour("line"), zeroline: false };
  return {
    height,
    margin: { l: 70, r: 10, t: 10, b: 50 },
    font: { family: "system-ui, sans-serif", size: 12, color: colour("ink") },
    paper_bgcolor: colour("ground"),
    plot_bgcolor: colour("ground"),
    showlegend: true,
    legend: { orientation: "h", y: -0.15 },
    xaxis: { ...axis, type: "date" },
    yaxis: { ...axis, title: { text: y } },
  };
}

const CONFIG = { responsive: true, displayModeBar: false };

function drawPrices() {
  const view = assets.get(chosen);
  if (view === undefined) return;
  const spanMs = Number(element("span").value);
  const fromMs = spanMs === 0 ? -Infinity : view.eventTimeMs - spanMs;
  const prices = view.prices.filter(([timeMs]) => timeMs >= fromMs);
  const windows = view.windows.filter(({ endMs }) => endMs >= fromMs);
  const marked = windows.filter((each) => each.marked);
  const ends = windows.map(({ endMs }) => endMs);
  const edge = (sign) => windows.map(({ average, deviation }) => average + sign * (deviation ?? 0));
  const accent = colour("accent");
  // Not those from before the first window that is still here: they would stand alone at the edge.
  const firstMs = Math.max(fromMs, view.windows[0]?.endMs ?? -Infinity);
  const own = alerts.filter(({ asset, time }) => asset === chosen && Date.parse(time) >= firstMs);
  const line = { type: "scatter", mode: "lines", x: ends };
  Plotly.react(
    "prices",
    [
      {
        ...line,
        name: "price",
        x: prices.map(([timeMs]) => timeMs),
        y: prices.map(([, price]) => price),
        line: { color: colour("soft"), width: 1 },
      },
      { ...line, y: edge(-1), line: { width: 0 }, showlegend: false, hoverinfo: "skip" },
      {
        ...line,
        name: "± 1 standard deviation",
        y: edge(1),
        line: { width: 0 },
        fill: "tonexty",
        fillcolor: `${accent}33`,
        hoverinfo: "skip",
      },
      {
        ...line,
        name: "rolling average",
        y: windows.map(({ average }) => average),
        line: { color: accent, width: 2 },
      },
      {
        type: "scatter",
        mode: "markers",
        name: `change of ${run.changeThreshold} % or more`,
        x: marked.map(({ endMs }) => endMs),
        y: marked.map(({ average }) => average),
        text: marked.map(({ change }) => percent(change)),
        marker: {
          size: 9,
          symbol: marked.map(({ change }) => (change < 0 ? "triangle-down" : "triangle-up")),
          color: marked.map(({ change }) => colour(change < 0 ? "down" : "up")),
        },
      },
      ...(run.watched
        ? [
            alertMarkers(
              "anomaly",
              own.filter(({ kind }) => kind === "anomaly"),
              { symbol: "diamond-open", color: colour("odd") },
            ),
            alertMarkers(
              "other alert",
              own.filter(({ kind }) => kind !== "anomaly"),
              { symbol: "circle-open", color: accent },
            ),
          ]
        : []),
    ],
    layout(420, "US dollars"),
    CONFIG,
  );
}

function alertMarkers(name, list, marker) {
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: list.map(({ time }) => Date.parse(time)),
    y: list.map(({ price_usd }) => price_usd),
    // plotly.js takes some tags of HTML in a text: none of the data's may be one.
    text: list.map(({ rule, text }) => `${rule}: ${text}`.replaceAll("<", "‹")),
    hoverinfo: "x+text",
    marker: { ...marker, size: 14, line: { width: 3 } },
  };
}

/** The newest first. Only what is new is added, so that a screen reader reads each once, and a reader's place stays. */
function drawAlerts() {
  const list = element("alerts");
  const nothing = element("no-alerts");
  nothing.hidden = alerts.length > 0;
  list.hidden = alerts.length === 0;
  nothing.textContent = run.watched
    ? "None yet."
    : "No rules are given: --alerts FILE, with our own engine (setup/alerts.example.json shows how).";
  const wanted = new Set(alerts.map(({ id }) => id));
  for (const item of [...list.children]) if (!wanted.has(item.dataset.id)) item.remove();
  const shown = new Map([...list.children].map((item) => [item.dataset.id, item]));
  let older = null;
  for (const alert of alerts) {
    const item = shown.get(alert.id) ?? list.insertBefore(alertItem(alert), older);
    older = item;
  }
}

function alertItem({ id, time, kind, rule, text }) {
  const item = document.createElement("li");
  item.dataset.id = id;
  const when = document.createElement("time");
  when.dateTime = time;
  when.textContent = clock(Date.parse(time));
  const name = document.createElement("span");
  name.className = kind === "anomaly" ? "rule anomaly" : "rule";
  name.textContent = rule;
  item.append(when, name, text);
  return item;
}

function drawGap() {
  const trace = {
    type: "scatter",
    mode: "lines",
    name: "newest event − watermark",
    x: stream.gaps.map(([wallMs]) => wallMs),
    y: stream.gaps.map(([, gapMs]) => gapMs / 1_000),
    line: { color: colour("accent"), width: 2 },
    fill: "tozeroy",
    fillcolor: `${colour("accent")}22`,
  };
  Plotly.react("gap", [trace], { ...layout(220, "seconds"), showlegend: false }, CONFIG);
}

function connection(state, text) {
  const place = element("connection");
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.textContent = text;
}

element("asset").addEventListener("change", ({ target }) => {
  chosen = target.value;
  drawPrices();
});
element("span").addEventListener("change", drawPrices);
element("pause").addEventListener("click", ({ currentTarget }) => {
  isPaused = !isPaused;
  currentTarget.setAttribute("aria-pressed", String(isPaused));
  currentTarget.textContent = isPaused ? "Go on" : "Pause";
  if (!isPaused && run !== undefined) draw();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (run !== undefined) draw();
});

// The browser connects again by itself; what was missed comes with the snapshot. A page that nobody sees lets go, since a
// browser keeps six connections to one server at most, over all of its tabs.
let source;

function listen() {
  source = new EventSource("/events");
  source.addEventListener("open", () => connection("live", "connected"));
  source.addEventListener("error", () =>
    connection("lost", "the connection is lost; trying again …"),
  );
  source.addEventListener("snapshot", ({ data }) => take(JSON.parse(data), true));
  source.addEventListener("update", ({ data }) => take(JSON.parse(data), false));
}

document.addEventListener("visibilitychange", () => {
  source?.close();
  source = undefined;
  if (document.visibilityState === "visible") listen();
});
if (document.visibilityState === "visible") listen();
