import Table from "cli-table3";
import { escapeHtml } from "../../shared/html.js";
import { formatTime } from "../../shared/time.js";
import type { Figure } from "../../view/figure.js";
import { formatNumber } from "../../view/format.js";
import { display, kernel, type Bundle } from "./kernel.js";

/** A row of a table: its cells by column name. */
export type TableRow = object;

/** The part of a danfojs DataFrame that is shown as a table. */
export interface DataFrameLike {
  columns: string[];
  index: (string | number)[];
  values: unknown;
}

export type Showable = Figure | readonly TableRow[] | DataFrameLike;

export interface TableOptions {
  /** The maximum number of rows to show; a note below the table gives the number of the others. */
  limit?: number;
}

const MAX_ROWS = 20;
/** The columns of the products that contain times. */
const TIME_COLUMNS = /^(event_time|arrival_time|window_start|window_end)$/;

const isFigure = (value: Showable): value is Figure => "data" in value && "layout" in value;

function isDataFrame(value: unknown): value is DataFrameLike {
  if (typeof value !== "object" || value === null) return false;
  return "columns" in value && "index" in value && "values" in value && "shape" in value;
}

/** Formats a cell: numbers with seven digits, booleans as yes or no, times without `T`, `Z` and zero milliseconds. */
function cellText(column: string, value: unknown): string {
  if (value instanceof Date || (typeof value === "number" && TIME_COLUMNS.test(column))) {
    const time = formatTime(Number(value));
    return time.replace("T", " ").replace(/(\.000)?Z$/, "");
  }
  if (typeof value === "number") {
    return Number.isInteger(value) ? value.toLocaleString("en-US") : formatNumber(value);
  }
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}

interface Cells {
  head: string[];
  /** Whether a column holds numbers, which are aligned right. */
  numeric: boolean[];
  rows: string[][];
}

function cellsOf(
  content: readonly TableRow[] | DataFrameLike,
  limit: number,
): Cells & { more: number } {
  let head: string[];
  let values: unknown[][];
  if (isDataFrame(content)) {
    head = [...content.columns];
    values = content.values as unknown[][];
    if (content.index.some((label, position) => label !== position)) {
      head.unshift("");
      values = values.map((row, position) => [content.index[position], ...row]);
    }
  } else {
    const rows = content as readonly TableRow[];
    head = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    values = rows.map((row) => head.map((column) => (row as Record<string, unknown>)[column]));
  }
  const shown = values.slice(0, limit);
  return {
    head,
    numeric: head.map((_, index) => shown.some((row) => typeof row[index] === "number")),
    rows: shown.map((row) => row.map((value, index) => cellText(head[index]!, value))),
    more: values.length - shown.length,
  };
}

function tableBundle(content: readonly TableRow[] | DataFrameLike, limit: number): Bundle {
  const { head, numeric, rows, more } = cellsOf(content, limit);
  const note = more > 0 ? `… and ${more.toLocaleString("en-US")} more rows` : "";
  const text = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: numeric.map((each) => (each ? "right" : "left")),
  });
  text.push(...rows);
  // Aligned with an attribute, because code-hosting sites remove styles.
  const cell = (tag: "th" | "td", value: string, index: number) =>
    `<${tag} align="${numeric[index] ? "right" : "left"}">${escapeHtml(value)}</${tag}>`;
  const line = (tag: "th" | "td", values: string[]) =>
    `<tr>${values.map((value, index) => cell(tag, value, index)).join("")}</tr>`;
  const html = `<table>\n<thead>${line("th", head)}</thead>\n<tbody>\n${rows.map((row) => line("td", row)).join("\n")}\n</tbody>\n</table>`;
  return {
    "text/html": note === "" ? html : `${html}\n<p>${note}</p>`,
    "text/plain": [text.toString(), ...(note === "" ? [] : [note])].join("\n"),
  };
}

function figureBundle(figure: Figure): Bundle {
  const title = (figure.layout["title"] as { text?: string } | undefined)?.text;
  return {
    "application/vnd.plotly.v1+json": figure,
    "text/plain": `[plot${title === undefined ? "" : `: ${title}`}]`,
  };
}

export const bundleOf = (content: Showable, limit = MAX_ROWS) =>
  !Array.isArray(content) && isFigure(content as Figure)
    ? figureBundle(content as Figure)
    : tableBundle(content as readonly TableRow[] | DataFrameLike, limit);

/**
 * Draws a plotly.js figure. In JupyterLab it is interactive; `npm run notebooks` adds a PNG of it to the saved
 * file, for viewers without JavaScript.
 */
export function plot(figure: Figure): void {
  display(figureBundle(figure));
}

/** Shows rows, or a danfojs DataFrame, as a table. */
export function table(
  content: readonly TableRow[] | DataFrameLike,
  options: TableOptions = {},
): void {
  display(tableBundle(content, options.limit ?? MAX_ROWS));
}

/** Rounds a number to at most this many decimals. */
export const round = (value: number, decimals = 0): number => Number(value.toFixed(decimals));

if (kernel !== undefined) {
  kernel.showValue = (value) => {
    if (!isDataFrame(value)) return false;
    table(value);
    return true;
  };
}
