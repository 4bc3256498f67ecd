import { readTopic } from "../../../labs/course/lesson/topic.js";
import * as solution from "../../../solutions/29-dead-letter-replay.js";
import { checksOf, settled, wrong } from "../checks.js";
import { brokers, kafka, send, uniqueName, withTopic, type Sent } from "../systems.js";

const check = checksOf(solution);

const LIMIT_MS = 30_000;
const ASSETS = ["bitcoin", "ethereum", "solana", "dogecoin", "Ω"];

/** Prices that were sent as text, some of which no number can be made of. */
function deadLetters(from: number, to: number): Sent[] {
  return Array.from({ length: to - from }, (_, index) => {
    const number = from + index;
    const asset = ASSETS[(number * 3) % ASSETS.length]!;
    const price = number % 4 === 1 ? "unknown" : `${number}.50`;
    const headers: Record<string, string> =
      number % 3 === 0 ? {} : { reason: `price is text (${number})` };
    return { key: asset, value: JSON.stringify({ asset, price_usd: price }), headers };
  });
}

/** Turns a price that is text into a number. */
function repair(value: string): string | undefined {
  const event = JSON.parse(value) as { price_usd: string };
  const price = Number(event.price_usd);
  return Number.isNaN(price) ? undefined : JSON.stringify({ ...event, price_usd: price });
}

/** A record as text, without its partition and offset. */
const shown = ({ key, value, headers = {} }: Sent) => {
  const names = Object.keys(headers).sort();
  return `${key} ${value}${names.map((name) => ` ${name}=${headers[name]}`).join("")}`;
};

async function withTopics(run: (topics: solution.Topics) => Promise<void>): Promise<void> {
  await withTopic("dead-letters", 3, (dead) =>
    withTopic("corrected", 4, (target) =>
      withTopic("parked", 1, (parked) => run({ deadLetters: dead, target, parked })),
    ),
  );
}

/** What must be in the other topics, given the dead letters. */
async function expected(topic: string): Promise<{ target: Sent[]; parked: Sent[] }> {
  const target: Sent[] = [];
  const parked: Sent[] = [];
  for (const { key, value, partition, offset, headers } of await readTopic(kafka, topic)) {
    const marked = { ...headers, "dead-letter": `${partition}:${offset}` };
    const repaired = repair(value!);
    if (repaired === undefined) parked.push({ key, value, headers: marked });
    else target.push({ key, value: repaired, headers: marked });
  }
  return { target, parked };
}

/** Compares the records of each key, in order. Headers of repaired records may be more than the one that is asked for. */
function compare(input: string, name: string, right: Sent[], found: Sent[], idea: string): void {
  for (const key of new Set([...right, ...found].map((each) => each.key!))) {
    const of = (records: Sent[]) => records.filter((each) => each.key === key).map(shown);
    const [want, have] = [of(right), of(found)];
    const at = [...want, ...have].findIndex((_, index) => want[index] !== have[index]);
    if (at < 0) continue;
    const inTopic = (text: string | undefined) => text ?? `no further record of ${key}`;
    throw wrong(
      `${input}; record ${at} of ${key} in ${name}`,
      inTopic(want[at]),
      inTopic(have[at]),
      idea,
    );
  }
}

async function judge(input: string, topics: solution.Topics): Promise<void> {
  const right = await expected(topics.deadLetters);
  const target = await readTopic(kafka, topics.target);
  const partitions = new Map<string, number>();
  for (const { key, partition } of target) {
    const other = partitions.get(key) ?? partition;
    if (other !== partition) {
      throw wrong(
        input,
        `${key} in one partition of the target`,
        `in ${other} and ${partition}`,
        "Send each record with the key of its dead letter.",
      );
    }
    partitions.set(key, partition);
  }
  const onlyOurs = target.map(({ key, value, headers }) => ({
    key,
    value,
    headers: { "dead-letter": headers["dead-letter"] ?? "none" },
  }));
  const ours = right.target.map((each) => ({
    ...each,
    headers: { "dead-letter": each.headers!["dead-letter"]! },
  }));
  compare(
    input,
    "target",
    ours,
    onlyOurs,
    "Each repaired record once, with its key and the header, in the order of the dead letters.",
  );
  const parked = await readTopic(kafka, topics.parked);
  compare(
    input,
    "parked",
    right.parked,
    parked,
    "What cannot be repaired keeps key, value and headers, and gets the header dead-letter.",
  );
}

/** More than a broker accepts: 1 MB. */
const TOO_LARGE = "x".repeat(1_500_000);

const inTime = (input: string, replaying: Promise<void>): Promise<void> =>
  settled(
    input,
    replaying,
    LIMIT_MS,
    "Compare end offsets with committed offsets, and stop when all are reached.",
  );

export default [
  check.scenario("each dead letter is repaired or parked", (subject) =>
    withTopics(async (topics) => {
      await send(topics.deadLetters, deadLetters(0, 60));
      await inTime(
        "60 dead letters",
        subject.replay(brokers, topics, uniqueName("replay"), repair),
      );
      await judge("60 dead letters", topics);
    }),
  ),
  check.scenario("a second replay sends only what is new", (subject) =>
    withTopics(async (topics) => {
      const group = uniqueName("replay");
      await send(topics.deadLetters, deadLetters(0, 20));
      await inTime("20 dead letters", subject.replay(brokers, topics, group, repair));
      await inTime("nothing new", subject.replay(brokers, topics, group, repair));
      await send(topics.deadLetters, deadLetters(20, 33));
      await inTime("13 more dead letters", subject.replay(brokers, topics, group, repair));
      await judge("20 dead letters, a replay, 13 more, another replay", topics);
    }),
  ),
  check.scenario("a record that Kafka refuses is not lost", (subject) =>
    withTopics(async (topics) => {
      const group = uniqueName("replay");
      await send(topics.deadLetters, deadLetters(0, 30));
      const input = "30 dead letters; repair makes solana too large for Kafka";
      const tooLarge = (value: string) => {
        return value.includes("solana") ? TOO_LARGE : repair(value);
      };
      const outcome = await inTime(input, subject.replay(brokers, topics, group, tooLarge)).then(
        () => "resolved",
        (error: unknown) => {
          if (error instanceof Error && ["NotDone", "WrongAnswer"].includes(error.name))
            throw error;
          return "rejected";
        },
      );
      if (outcome === "resolved") {
        throw wrong(input, "rejected", outcome, "Wait for producer.send, and let its error pass.");
      }
      await inTime(
        "the same replay, with a better repair",
        subject.replay(brokers, topics, group, repair),
      );
      const stored = (await readTopic(kafka, topics.target)).filter(({ key }) => key === "solana");
      const right = (await expected(topics.deadLetters)).target.filter(
        ({ key }) => key === "solana",
      );
      const values = (all: Sent[]) => all.map(({ value }) => value).join(" ") || "nothing";
      if (values(stored) === values(right)) return;
      throw wrong(
        `${input}; then the same replay with a better repair`,
        values(right),
        values(stored),
        "Commit a dead letter when Kafka has stored the repaired record, and not before.",
      );
    }),
  ),
];
