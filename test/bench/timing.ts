import { compare, compareWithAim, say, type Bench, type Row } from "./benchmark.js";
import { profiled } from "./profile.js";

/** Work on the market's events. It is timed in turn with other work and with a bare JSON.parse of the same events. */
export interface Timing {
  /** As the command line names it. */
  name: string;
  help: string;
  /** What the table calls it. */
  what: string;
  /** The ratio to the baseline that it should not exceed. */
  aim?: number;
  /** Prepares what is not timed. @returns the work */
  open(bench: Bench): Promise<() => unknown>;
}

const perEvent = (ms: number, events: number) =>
  `${((ms * 1_000) / events).toFixed(2)} µs per event`;

/** Measures timings, and the baseline to which their ratios are. */
export async function measureInTurn(timings: readonly Timing[], bench: Bench): Promise<Row[]> {
  if (timings.length === 0) return [];
  const { parse } = await bench.marketLog();
  const works: Record<string, () => unknown> = { parse };
  for (const { name, open } of timings) works[name] = await open(bench);
  say(`timing ${timings.map(({ name }) => name).join(", ")} …`);
  const times = await compare(works);
  const baselineMs = times["parse"]!;
  const rows: Row[] = [];
  for (const { name, what, aim } of timings) {
    rows.push({
      what,
      value: perEvent(times[name]!, bench.events),
      ratio: (times[name]! / baselineMs).toFixed(2),
      aim: aim === undefined ? undefined : compareWithAim(times[name]! / baselineMs, aim),
      where: await profiled(works[name]!),
    });
  }
  const baseline = perEvent(baselineMs, bench.events);
  return [{ what: "bare JSON.parse of the same bytes", value: baseline, ratio: "1" }, ...rows];
}
