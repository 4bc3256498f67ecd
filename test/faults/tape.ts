import { market, type MarketOptions } from "../../labs/source/market.js";
import { formatTime } from "../../labs/shared/time.js";
import { randomOf, type Random } from "./random.js";
import { eachMessage } from "../support/each-message.js";

/** Lines that a producer should not send: each must be rejected with its reason, or taken, and never end a run. */
const HOSTILE: ((random: Random, time: string) => string)[] = [
  () => "",
  () => "   ",
  () => "null",
  () => "[]",
  () => "{",
  () => '"bitcoin"',
  () => "\u0000\u0001\u0002",
  () => "\uFEFF{}",
  () => "[".repeat(5_000),
  (_, time) => `{"asset":"bitcoin","price_usd":1e999,"event_time":"${time}"}`,
  (_, time) => `{"asset":"bitcoin","price_usd":-0,"event_time":"${time}"}`,
  (_, time) => `{"asset":"bitcoin","price_usd":5e-324,"event_time":"${time}"}`,
  (_, time) => `{"asset":"__proto__","price_usd":1,"event_time":"${time}"}`,
  (_, time) => `{"asset":"constructor","price_usd":2,"event_time":"${time}"}`,
  (_, time) => `{"__proto__":{"asset":"bitcoin"},"price_usd":1,"event_time":"${time}"}`,
  (_, time) => `{"asset":"${"x".repeat(128)}","price_usd":1,"event_time":"${time}"}`,
  (_, time) => `{"asset":"${"x".repeat(129)}","price_usd":1,"event_time":"${time}"}`,
  (_, time) => `{"asset":"tab\\tline\\nback\\\\slash","price_usd":1,"event_time":"${time}"}`,
  (_, time) => `{"asset":"🎈 und ümläute","price_usd":1.5,"event_time":"${time}"}`,
  (_, time) => `{"asset":"\\ud800","price_usd":1.5,"event_time":"${time}"}`,
  (_, time) => `{"asset":" bitcoin ","price_usd":1.5,"event_time":"${time}"}`,
  (_, time) => `{"asset":"../../etc","price_usd":1.5,"event_time":"${time}"}`,
  (_, time) => `{"asset":"bitcoin","asset":"ethereum","price_usd":3,"event_time":"${time}"}`,
  () => '{"asset":"bitcoin","price_usd":1,"event_time":"+275760-09-13T00:00:00Z"}',
  () => '{"asset":"bitcoin","price_usd":1,"event_time":"2025-01-01T10:00:00"}',
  () => '{"asset":"bitcoin","price_usd":1,"event_time":"2025-01-01T24:00:00Z"}',
  () => '{"asset":"bitcoin","price_usd":1,"event_time":"1969-12-31T23:59:59.999Z"}',
  (random) => `{"asset":"bitcoin","price_usd":1,"event_time":${random.integer(0, 1e9)}}`,
  (random) => "x".repeat(random.integer(1_000, 100_000)),
];

export interface TapeOptions extends MarketOptions {
  /** Probability that a hostile line stands between two events. */
  hostile: number;
  /** Probability that an event has the time of the one before: ties. */
  ties: number;
}

/** The lines of a tape: a simulated market with hostile lines between its events. The same options, the same bytes. */
export async function drawnTape({ hostile, ties, ...options }: TapeOptions): Promise<string> {
  const random = randomOf(options.seed, 1);
  const lines: string[] = [];
  let time = formatTime(0);
  for await (const { value, timestampMs } of eachMessage(market(options))) {
    const arrival = formatTime(timestampMs);
    if (random.chance(hostile)) lines.push(random.pick(HOSTILE)(random, arrival));
    if (!value.endsWith('Z"}')) {
      lines.push(value);
      continue;
    }
    const event = JSON.parse(value) as { event_time: string };
    if (random.chance(ties)) event.event_time = time;
    time = event.event_time;
    lines.push(JSON.stringify({ ...event, arrival_time: arrival }));
  }
  return `${lines.join("\n")}\n`;
}
