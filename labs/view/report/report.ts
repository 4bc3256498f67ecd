import { escapeHtml } from "../../shared/html.js";
import { formatDuration } from "../../shared/time.js";
import { TOTALS, TOTAL_NAMES } from "../../stream/totals.js";
import { formatNumber, formatPercent, formatTotal } from "../format.js";
import { latenessFigure, priceFigure, type FigureSettings } from "./figure.js";
import type { AssetSeries, Lateness, RecentAlerts } from "./series.js";
import { MAX_ASSETS_SHOWN, isShown, type Summary } from "./summary.js";

/** JSON that is safe inside a script element. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2rem; }
  .lead { color: #52606d; margin-top: 0.25rem; }
  .figures { display: flex; flex-wrap: wrap; gap: 0.75rem; padding: 0; list-style: none; }
  .figures li { background: #f5f7fa; border-radius: 8px; padding: 0.5rem 0.9rem; min-width: 6.5rem; }
  .figures b { display: block; font-size: 1.2rem; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { text-align: right; padding: 0.35rem 0.6rem; border-bottom: 1px solid #e4e7eb; white-space: nowrap; }
  th:first-child, td:first-child { text-align: left; max-width: 16rem; overflow: hidden; text-overflow: ellipsis; }
  .alerts th, .alerts td { text-align: left; } .alerts td:last-child { white-space: normal; }
  select { font: inherit; padding: 0.2rem 0.5rem; }
  footer { color: #52606d; margin: 2.5rem 0 1rem; font-size: 0.9rem; }`;

const SCRIPT = `
  const config = { responsive: true, displaylogo: false };
  const choice = document.getElementById("asset");
  const draw = () => {
    const figure = figures.prices[Number(choice.value)];
    Plotly.react("prices", figure.data, figure.layout, config);
  };
  if (choice) { choice.addEventListener("change", draw); draw(); }
  if (figures.lateness) Plotly.newPlot("lateness", figures.lateness.data, figures.lateness.layout, config);`;

function assetTable(summary: Summary): string {
  const rows = summary.assets.slice(0, MAX_ASSETS_SHOWN).map((row) => {
    const { lastWindow, biggestChange } = row;
    const cells = [
      escapeHtml(row.asset),
      formatNumber(row.price_usd),
      row.event_time.slice(0, 19).replace("T", " "),
      lastWindow === null ? "none yet" : formatNumber(lastWindow.avg_price),
      lastWindow?.stddev_price == null ? "" : formatNumber(lastWindow.stddev_price),
      biggestChange === null
        ? ""
        : `${formatPercent(biggestChange.pct_change)} by ${biggestChange.window_end.slice(11, 19)}`,
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  return `<div class="scroll"><table>
<tr><th>asset</th><th>latest price, $</th><th>at (UTC)</th><th>last window's average</th><th>its standard deviation</th><th>biggest change</th></tr>
${rows.join("\n")}
</table></div>`;
}

function alertTable({ latest, count }: RecentAlerts): string {
  const rows = latest.map(({ time, asset, rule, text }) => {
    const cells = [time.slice(0, 19).replace("T", " "), asset, rule, text];
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
  });
  const lead =
    count === 0
      ? "No alerts."
      : count > latest.length
        ? `The latest ${latest.length} of ${formatNumber(count)}, newest first; alerts/ has all of them.`
        : `${count} raised, newest first.`;
  const table = `
<div class="scroll"><table class="alerts">
<tr><th>at (UTC)</th><th>asset</th><th>rule</th><th>what happened</th></tr>
${rows.join("\n")}
</table></div>`;
  return `<h2>Alerts</h2>
<p class="lead">${lead}</p>${count === 0 ? "" : table}`;
}

/** Drops prices before the first window: they were too late for any window and would appear as a separate line. */
function fromFirstWindow(series: AssetSeries, slideMs: number): AssetSeries {
  const [first] = series.windows;
  if (first === undefined) return series;
  const beginMs = first.window_end - slideMs;
  return { ...series, prices: series.prices.filter(({ event_time }) => event_time >= beginMs) };
}

/** The content of a report besides its summary. */
export interface ReportContent {
  series: readonly AssetSeries[];
  lateness?: Lateness;
  /** Undefined if there are no alert rules. */
  alerts?: RecentAlerts;
}

export interface ReportSettings extends FigureSettings {
  slideMs: number;
  /** The source, for example `replay of a recorded tape`. */
  title: string;
}

/**
 * The result of a run as one self-contained HTML page, which works offline.
 *
 * @param plotly the source of plotly.js, which draws the charts in the reader's browser
 */
export function renderReport(
  summary: Summary,
  { series, lateness, alerts }: ReportContent,
  settings: ReportSettings,
  plotly: string,
): string {
  const { windowMs, slideMs, delayMs } = settings;
  const figures = {
    prices: series.map((each) => {
      const own = alerts?.latest.filter(({ asset }) => asset === each.asset);
      return priceFigure(fromFirstWindow(each, slideMs), settings, { alerts: own });
    }),
    ...(lateness === undefined ? {} : { lateness: latenessFigure(lateness, settings) }),
  };
  const shown = TOTAL_NAMES.filter(
    (name) => isShown(name, summary) || (name === "alerts" && alerts !== undefined),
  );
  const numbers = {
    ...Object.fromEntries(shown.map((name) => [TOTALS[name].label, formatTotal(summary[name])])),
    "windows still open": formatNumber(summary.openWindows),
  };
  const options = series.map(
    ({ asset }, index) => `<option value="${index}">${escapeHtml(asset)}</option>`,
  );
  const more = summary.assetCount - series.length;
  const charts =
    series.length === 0
      ? "<p>No events yet: nothing to draw.</p>"
      : `<h2><label for="asset">Price and windows of </label><select id="asset">${options.join("")}</select></h2>
<div id="prices"></div>`;
  const sampled =
    lateness !== undefined && lateness.latenessMs.length < lateness.records - summary.rejected
      ? ` A sample of ${formatNumber(lateness.latenessMs.length)} events.`
      : "";
  const latenessChart =
    lateness === undefined
      ? ""
      : `<h2>How late events arrive</h2>
<p class="lead">The watermark's delay is ${formatDuration(delayMs)}: events that arrive later than that may miss their windows.${sampled}</p>
<div id="lateness"></div>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Crypto streaming lab: ${escapeHtml(settings.title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>Crypto streaming lab</h1>
<p class="lead">${escapeHtml(settings.title)} · windows of ${formatDuration(windowMs)}, one every ${formatDuration(slideMs)} · ${summary.watermark === null ? "no watermark yet" : `watermark ${summary.watermark}`}</p>
<ul class="figures">${Object.entries(numbers)
    .map(([name, value]) => `<li><b>${value}</b>${name}</li>`)
    .join("")}</ul>
${assetTable(summary)}
${more > 0 ? `<p class="lead">… and ${formatNumber(more)} more assets.</p>` : ""}
${charts}
${alerts === undefined ? "" : alertTable(alerts)}
${latenessChart}
<footer>Open windows are not written until the watermark passes their end. For learning only; not financial advice.</footer>
<script>${plotly.replaceAll("</script", "<\\/script")}</script>
<script>
  const figures = ${scriptJson(figures)};${SCRIPT}
</script>
</body>
</html>
`;
}
