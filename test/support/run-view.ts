import type { RunView } from "../../labs/view/dashboard/views.js";

/** A run, as shown by the live page. */
export const RUN: RunView = {
  source: "market",
  engine: "our engine",
  topic: "t",
  output: "/out",
  windowMs: 60_000,
  slideMs: 10_000,
  delayMs: 30_000,
  changeThreshold: 0.5,
  recorded: true,
  watched: true,
};
