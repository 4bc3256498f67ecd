// The functions for notebook cells: plots, tables, progress, and displays that update in place while a stream runs.

export { interruptSignal } from "./cell/kernel.js";
export { live, until } from "./cell/live.js";
export { progress, type ReportProgress } from "./cell/progress.js";
export { plot, round, table, type Showable } from "./cell/show.js";
