import { withAdmin } from "../../../labs/log/kafka/client.js";
import { sleep, startTimer } from "../../../labs/shared/wait.js";
import * as solution from "../../../solutions/24-at-least-once.js";
import { checksOf, wrong } from "../checks.js";
import { CALLBACK, startAnswer } from "../process.js";
import { brokers, kafka, send, uniqueName, withTopic } from "../systems.js";

const check = checksOf(solution);

const PARTITIONS = 3;
const COUNT = 150;
const KILL_AT = 70;
const MAX_AGAIN = 10;
/** How long the work for a record takes. */
const HANDLE_MS = 3;
/** A killed member stays in the group until its session times out: 30 s by default. */
const LIMIT_MS = 40_000;

const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => {
    const number = from + index;
    return { partition: number % PARTITIONS, value: `record ${number}` };
  });
const valuesOf = (from: number, to: number) => records(from, to).map(({ value }) => value);
const numberOf = (value: string) => Number(value.slice("record ".length));

/** What one call of the answer did. */
interface Call {
  /** The values in the order in which `handle` was called, and those for which it has returned. */
  begun: string[];
  done: string[];
  /** The value with which `handle` was called while an earlier call had not returned. */
  tooEarly: string | undefined;
  outcome: "resolved" | "killed" | "still running";
}

/**
 * Calls the answer in a process of its own.
 *
 * @param killAt the call of `handle` during which the process is killed
 */
async function call(path: string, topic: string, group: string, killAt = Infinity): Promise<Call> {
  const made: Call = { begun: [], done: [], tooEarly: undefined, outcome: "resolved" };
  const answer = startAnswer(path, "consume", [brokers, topic, group, CALLBACK], async (value) => {
    if (made.begun.length > made.done.length) made.tooEarly ??= String(value);
    made.begun.push(String(value));
    if (made.begun.length === killAt) return answer.kill();
    await sleep(HANDLE_MS);
    made.done.push(String(value));
  });
  const limit = startTimer(LIMIT_MS, () => {
    made.outcome = "still running";
    answer.kill();
  });
  try {
    await answer.result;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "Killed") throw error;
    if (made.outcome === "resolved") made.outcome = "killed";
  } finally {
    limit.cancel();
  }
  return made;
}

const shown = (values: readonly string[]) =>
  values.length === 0
    ? "nothing"
    : values.slice(0, 5).join(", ") + (values.length > 5 ? ` … (${values.length})` : "");

/** @throws WrongAnswer if a call has not resolved, or has handled records at the same time or in another order */
function judge(input: string, made: Call): void {
  if (made.outcome === "still running") {
    const found = `not resolved after ${LIMIT_MS / 1_000} s; it has handled ${shown(made.done)}`;
    throw wrong(
      input,
      "resolved",
      found,
      "Compare end offsets with committed offsets, and stop when all are reached. Do not await disconnect or stop inside eachMessage: they wait for it to return.",
    );
  }
  if (made.tooEarly !== undefined) {
    throw wrong(
      input,
      "one call of handle after the other",
      `handle is called with ${made.tooEarly} while an earlier call has not resolved`,
      "Await handle, and let kafkajs process one partition at a time.",
    );
  }
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const own = made.begun.filter((value) => numberOf(value) % PARTITIONS === partition);
    const sorted = [...own].sort((one, other) => numberOf(one) - numberOf(other));
    const at = own.findIndex((value, index) => value !== sorted[index]);
    if (at >= 0) {
      throw wrong(
        input,
        shown(sorted.slice(at)),
        shown(own.slice(at)),
        "The order of a partition is lost.",
      );
    }
  }
}

function expectHandled(input: string, expected: string[], found: string[], idea: string): void {
  const missing = expected.filter((value) => !found.includes(value));
  if (missing.length > 0) throw wrong(input, shown(expected), `missing: ${shown(missing)}`, idea);
  const surplus = found.length - expected.length;
  if (surplus > 0) throw wrong(input, shown(expected), `${surplus} more records`, idea);
}

export default [
  check.scenario("each call continues where the last one ended", (_, path) =>
    withTopic("at-least-once", PARTITIONS, async (topic) => {
      const group = uniqueName("group");
      await send(topic, records(0, 30));
      const first = await call(path, topic, group);
      judge("30 records, a new group", first);
      expectHandled(
        "30 records, a new group",
        valuesOf(0, 30),
        first.done,
        "A new group begins at the first record.",
      );

      const again = await call(path, topic, group);
      judge("the same topic and group again", again);
      expectHandled(
        "the same topic and group again",
        [],
        again.done,
        "The committed offset is that of the next record to read.",
      );

      await send(topic, records(30, 34));
      const more = await call(path, topic, group);
      judge("4 more records", more);
      expectHandled(
        "4 more records",
        valuesOf(30, 34),
        more.done,
        "Continue at the committed offsets.",
      );

      const [committed] = await withAdmin(kafka, (admin) =>
        admin.fetchOffsets({ groupId: group, topics: [topic] }),
      );
      const offsets = committed!.partitions
        .sort((a, b) => a.partition - b.partition)
        .map(({ offset }) => offset);
      if (offsets.join() !== "12,11,11") {
        throw wrong(
          "34 records in 3 partitions",
          "committed offsets 12,11,11",
          offsets.join(),
          "Commit what you have handled before you resolve.",
        );
      }
    }),
  ),
  check.scenario("kill -9 loses nothing and repeats little", (_, path) =>
    withTopic("at-least-once", PARTITIONS, async (topic) => {
      const group = uniqueName("group");
      await send(topic, records(0, COUNT));
      const input = `${COUNT} records; killed while it handles its ${KILL_AT}th`;
      const killed = await call(path, topic, group, KILL_AT);
      if (killed.outcome === "resolved") {
        throw wrong(
          input,
          `${COUNT} records to handle`,
          `resolved after ${killed.done.length}`,
          "Handle one record after the other.",
        );
      }
      judge(input, killed);
      const second = await call(path, topic, group);
      judge(`${input}; called again`, second);
      const done = [...killed.done, ...second.done];
      const missing = valuesOf(0, COUNT).filter((value) => !done.includes(value));
      if (missing.length > 0) {
        throw wrong(
          input,
          "every record handled to its end",
          `never: ${shown(missing)}`,
          "Commit after the work, not before it.",
        );
      }
      const repeated = second.done.filter((value) => killed.done.includes(value));
      if (repeated.length > MAX_AGAIN) {
        throw wrong(
          input,
          `at most ${MAX_AGAIN} records handled again`,
          `${repeated.length} of them`,
          "Commit more often: what is not committed is repeated.",
        );
      }
    }),
  ),
];
