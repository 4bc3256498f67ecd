import * as util from "node:util"; // not { styleText }: importing it by name fails on old versions of Node
import type { Exercise, Track } from "./exercises.js";
import { STUBS } from "./places.js";

export const STATUSES = ["passed", "failed", "todo", "error", "skipped"] as const;
export type Status = (typeof STATUSES)[number];

export interface Verdict {
  name: string;
  chapter: number;
  /**
   * `todo` while the answer is "not done yet"; `error` if it cannot be checked, for example because it does not compile;
   * `skipped` if a real system that the checks need is not installed.
   */
  status: Status;
  /** For the learner; empty if the answer passed. */
  message: string;
  passed: number;
  checks: number;
  /** What the answer printed with `console.log` and the like. */
  printed?: string;
}

type Style = Parameters<typeof util.styleText>[0];

/** Colours a text if it goes to a terminal. */
export type Paint = (style: Style, text: string) => string;
export const painter =
  (isTerminal: boolean): Paint =>
  (style, text) =>
    isTerminal ? util.styleText(style, text) : text;

const SIGNS: Record<Status, [string, Style]> = {
  passed: ["✓", "green"],
  failed: ["✗", "red"],
  error: ["✗", "red"],
  todo: ["·", "dim"],
  skipped: ["–", "yellow"],
};

const numberOf = ({ name }: Exercise) => name.slice(0, 2);
const stars = ({ difficulty }: Exercise) => "★".repeat(difficulty) + "☆".repeat(3 - difficulty);

/** The head of an exercise: its number, title, chapter and file. */
export function formatHead(exercise: Exercise, paint: Paint): string {
  const title = `${numberOf(exercise)}  ${exercise.title}`;
  const place = `chapter ${exercise.chapter} · ${stars(exercise)}`;
  return [
    paint("bold", title) + " ".repeat(Math.max(2, 76 - title.length - place.length)) + place,
    `    ${STUBS}/${exercise.name}.ts`,
  ].join("\n");
}

/** What is shown while an answer is being checked. */
export function formatWaiting({ name, needs }: Exercise): string {
  const where =
    needs === undefined ? "" : ` on the real ${needs.join(" and ")}; this takes up to two minutes`;
  return `checking ${name.slice(0, 2)}${where} …`;
}

const WIDTH = 76;

/** Breaks a text into indented lines for a terminal of 80 columns. */
export function wrapped(text: string): string {
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    if (lines.at(-1)!.length + word.length + 1 > WIDTH) lines.push("");
    lines[lines.length - 1] += lines.at(-1) === "" ? word : ` ${word}`;
  }
  return lines.map((line) => `  ${line}`).join("\n");
}

/** A verdict for a terminal of 80 columns. */
export function formatVerdict(verdict: Verdict, paint: Paint): string {
  const { status, message, passed, checks, printed = "" } = verdict;
  const [sign, style] = SIGNS[status];
  const [first = "", ...rest] = message.split("\n");
  const lines =
    status === "passed"
      ? [paint(style, `${sign} passed: all ${checks} checks`)]
      : [paint(style, `${sign} ${first}`), ...rest];
  if (status === "failed" && passed > 0) lines.push("", `  ${passed} of ${checks} checks pass`);
  if (printed !== "") lines.push("", ...linesPrinted(printed));
  return lines.join("\n");
}

const MAX_LINES_PRINTED = 12;

/** The beginning of what an answer printed. */
function linesPrinted(printed: string): string[] {
  const lines = printed.trimEnd().split("\n");
  const shown = lines.slice(0, MAX_LINES_PRINTED).map((line) => `  ${line.slice(0, WIDTH)}`);
  const left = lines.length - shown.length;
  return ["your code printed:", ...shown, ...(left > 0 ? [`  … and ${left} more lines`] : [])];
}

/** All exercises by chapter, with the state of each, and which one is next. */
export function formatList(
  exercises: readonly Exercise[],
  verdicts: readonly Verdict[],
  paint: Paint,
  { track, next = nextOpen(exercises, verdicts) }: { track?: Track; next?: Exercise } = {},
): string {
  const of = new Map(verdicts.map((verdict) => [verdict.name, verdict]));
  const lines: string[] = [];
  for (const chapter of [...new Set(exercises.map((each) => each.chapter))].sort()) {
    lines.push(`chapter ${chapter}`);
    for (const exercise of exercises.filter((each) => each.chapter === chapter)) {
      const [sign, style] = SIGNS[of.get(exercise.name)?.status ?? "todo"];
      const line = `${numberOf(exercise)}  ${exercise.title.padEnd(50)} ${stars(exercise)}`;
      const mark = exercise === next ? "← next" : remarkOn(exercise);
      lines.push(`  ${paint(style, sign)} ${line} ${mark}`.trimEnd());
    }
  }
  const done = verdicts.filter(({ status }) => status === "passed").length;
  lines.push("", `${done} of ${exercises.length} done`);
  if (next !== undefined) {
    const option = track === undefined ? "" : ` --track ${track}`;
    lines.push(`next: ${STUBS}/${next.name}.ts    then: npm run check -- --watch${option}`);
    lines.push(`last: the capstone, ${STUBS}/capstone/README.md`);
  } else lines.push(`next: the capstone, ${STUBS}/capstone/README.md`);
  return lines.join("\n");
}

const remarkOn = ({ needs = [], optional }: Exercise) =>
  [...needs, ...(optional ? ["optional"] : [])].join(" ");

/** The first exercise that has not passed. Those that need a real system come after the others, optional ones last. */
export function nextOpen(
  exercises: readonly Exercise[],
  verdicts: readonly Verdict[],
): Exercise | undefined {
  const passed = new Set(
    verdicts.filter(({ status }) => status === "passed").map(({ name }) => name),
  );
  const open = exercises.filter(({ name }) => !passed.has(name));
  const required = open.filter(({ optional }) => !optional);
  return required.find(({ needs }) => needs === undefined) ?? required[0] ?? open[0];
}
