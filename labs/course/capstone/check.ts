import { resolve } from "node:path";
import Table from "cli-table3";
import { STUBS } from "../checker/places.js";
import type { Terminal } from "../checker/terminal.js";
import { wrapped, type Paint } from "../checker/verdict.js";
import { CAPSTONE, MAX_SEED, type CapstoneOptions } from "./command.js";
import { prepare, readAnswer, runCapstone } from "./run.js";
import { NOTHING, PASS_POINTS, hasPassed, totalPoints, type RubricLine } from "./score.js";

const BUILD_SEED = 1;
/** What the empty programs say. */
const NOT_DONE = "is not done yet: read";

/**
 * Checks the capstone and prints its rubric.
 *
 * @returns whether it passes
 * @throws LabError if Kafka or HDFS cannot be started; UsageError if the folder has no programs
 */
export async function checkCapstone(
  root: string,
  {
    programs = `${STUBS}/${CAPSTONE}`,
    seed = Math.floor(Math.random() * MAX_SEED),
  }: CapstoneOptions,
  { print, paint }: Terminal,
): Promise<boolean> {
  const folder = resolve(root, programs);
  const answer = await readAnswer(folder);
  for (const name of ["producer", "query"] as const) {
    if (!answer[name].includes(NOT_DONE)) continue;
    print(`${programs}/${name}.ts ${NOT_DONE} ${STUBS}/${CAPSTONE}/README.md`);
    return false;
  }
  const place = await prepare(root, "check", seed);
  try {
    print(`seed ${seed}; the topic is ${place.topic}, the products are in ${place.store.root}`);
    const lines = await runCapstone(root, folder, place, print);
    print(formatRubric(lines, paint));
    if (!hasPassed(lines)) print(`the same feed again: npm run check -- capstone --seed ${seed}`);
    return hasPassed(lines);
  } finally {
    await place.close();
  }
}

/** Serves the feed for building, until Ctrl-C. */
export async function serveFeed(
  root: string,
  { seed = BUILD_SEED }: CapstoneOptions,
  { print }: Terminal,
): Promise<void> {
  const { feed, environment, close } = await prepare(root, "build", seed);
  const exports = Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`);
  print(
    [
      `feed of seed ${seed} at ${feed.url}: the session begins with the first request for messages, also one by curl, and takes 26 s; for a new session stop this command by Ctrl-C and start it again`,
      "in another terminal:",
      ...exports,
      `  npx tsx ${STUBS}/${CAPSTONE}/producer.ts`,
    ].join("\n"),
  );
  await new Promise((resolve) => process.once("SIGINT", resolve));
  const { pages, refused, cuts, skipped } = feed.counts;
  print(
    `\n${pages} pages served, ${refused} requests refused with 429, ${cuts} connections cut, ${skipped} messages left out`,
  );
  await close();
}

/** The rubric as a table, and what is wrong below it. */
export function formatRubric(lines: readonly RubricLine[], paint: Paint): string {
  const table = new Table({
    head: ["", "rubric", "points", "required"],
    colAligns: ["left", "left", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, points, of, isRequired, finding } of lines) {
    const sign = finding === undefined ? paint("green", "✓") : paint("red", "✗");
    const remark = finding?.endsWith(NOTHING) ? ": nothing to judge" : "";
    table.push([sign, `${name}${remark}`, `${points} of ${of}`, isRequired ? "yes" : ""]);
  }
  const wrong = lines.flatMap(({ name, finding, see }) =>
    finding === undefined || finding.endsWith(NOTHING)
      ? []
      : ["", paint("red", `✗ ${name}`), ...finding.split("\n").map(wrapped), `  see: ${see}`],
  );
  const points = totalPoints(lines);
  const verdict = hasPassed(lines)
    ? paint("green", `✓ passed with ${points} of 100 points`)
    : paint("red", `✗ not passed: ${points} of 100 points`);
  const rule = `  ${PASS_POINTS} points and every required line are needed`;
  return [table.toString(), ...wrong, "", hasPassed(lines) ? verdict : `${verdict}\n${rule}`].join(
    "\n",
  );
}
