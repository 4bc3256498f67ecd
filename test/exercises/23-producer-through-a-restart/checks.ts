import { readTopic } from "../../../labs/course/lesson/topic.js";
import { withAdmin } from "../../../labs/log/kafka/client.js";
import { sleep } from "../../../labs/shared/wait.js";
import * as solution from "../../../solutions/23-producer-through-a-restart.js";
import { checksOf, settled, wrong } from "../checks.js";
import { brokers, kafka, ownStack, withTopic } from "../systems.js";

const check = checksOf(solution);

const COUNT = 60;
const EVERY_MS = 25;
/** More than kafkajs's default retries wait. The broker then starts, which takes some seconds more. */
const AWAY_MS = 13_000;
/** How long an answer may take after that. */
const LIMIT_MS = 45_000;
/** Twice the time within which a value must be stored while the broker answers. */
const DELAY_MS = 2_000;

/** Kills the broker, and starts it again after some time. */
async function restartBroker(awayMs: number): Promise<void> {
  const stack = ownStack();
  const broker = (await stack.status()).find(({ name }) => name === "kafka")!;
  process.kill(broker.pid!, "SIGKILL");
  await sleep(awayMs);
  await stack.start("kafka");
}

/** Values that arrive one after the other. @param before called before each of them */
async function* arriving(before: (index: number) => Promise<void> | void) {
  for (let index = 0; index < COUNT; index++) {
    await before(index);
    await sleep(EVERY_MS);
    yield `value ${index}`;
  }
}

/** How many records the topic has. */
const countIn = (topic: string): Promise<number> =>
  withAdmin(kafka, async (admin) => {
    const [offsets] = await admin.fetchTopicOffsets(topic);
    return Number(offsets!.high);
  });

const isAboutConnecting = (message: string) => /connect|refused|closed/i.test(message);
const CONNECTING =
  "The option retry of new Kafka governs connecting again; that of kafka.producer governs only the requests. It must retry for longer than the broker is away.";

const shown = (values: readonly string[]) =>
  values.length > 6 ? `${values.slice(0, 6).join(", ")} … (${values.length})` : values.join(", ");

const sends = (name: string, idea: string, awayMs?: number) =>
  check.scenario(name, (subject) =>
    withTopic("restart", 1, async (topic) => {
      const input = `${COUNT} values${awayMs === undefined ? "" : `; the broker is away for ${awayMs / 1_000} s from value 20 on`}`;
      const expected = Array.from({ length: COUNT }, (_, index) => `value ${index}`);
      let restarting = Promise.resolve();
      let storedBeforeLast = COUNT;
      const values = arriving(async (index) => {
        if (index === 20 && awayMs !== undefined) restarting = restartBroker(awayMs);
        if (index < COUNT - 1 || awayMs !== undefined) return;
        await sleep(DELAY_MS);
        storedBeforeLast = await countIn(topic);
      });
      let failure: unknown;
      try {
        await settled(
          input,
          subject.sendInOrder(brokers, topic, values),
          (awayMs ?? 0) + LIMIT_MS,
          "Resolve when the values have ended and all of them are stored.",
        );
      } catch (error) {
        failure = error;
      }
      // What is in the topic at this moment counts. The broker may still be away if the answer did not wait for it.
      await restarting;
      if (failure instanceof Error && /^(NotDone|WrongAnswer)$/.test(failure.name)) throw failure;
      if (storedBeforeLast < COUNT - 1) {
        throw wrong(
          `${input}; the last one arrives ${DELAY_MS / 1_000} s after the others`,
          `${COUNT - 1} values stored before the last one arrives`,
          `${storedBeforeLast}`,
          "Send each value when it arrives: what is only in memory is lost in a crash.",
        );
      }
      const records = await readTopic(kafka, topic);
      const stored = [...new Set(records.map(({ value }) => value!))];
      if (failure !== undefined) {
        const text = failure instanceof Error ? failure.message : String(failure);
        const found = `rejected after ${stored.length} values: ${text}`;
        throw wrong(input, "no error", found, isAboutConnecting(text) ? CONNECTING : idea);
      }
      const missing = expected.filter((value) => !stored.includes(value));
      if (missing.length > 0) throw wrong(input, "all of them", `missing: ${shown(missing)}`, idea);
      const at = stored.findIndex((value, index) => value !== expected[index]);
      if (at >= 0) {
        throw wrong(
          input,
          shown(expected.slice(at, at + 6)),
          shown(stored.slice(at, at + 6)),
          "The values are stored in another order.",
        );
      }
    }),
  );

export default [
  sends("a quiet broker stores all values in order", "Wait until every send is acknowledged."),
  sends(
    "a broker that is killed and comes back",
    "Retry for longer than the broker is away, with one send at a time, and let the broker acknowledge.",
    AWAY_MS,
  ),
];
