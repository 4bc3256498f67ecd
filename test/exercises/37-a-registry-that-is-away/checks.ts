import { isDeepStrictEqual } from "node:util";
import { readFile } from "node:fs/promises";
import { priceEventVersions } from "../../../labs/course/lesson/price-event-versions.js";
import { openRegistry } from "../../../labs/schema/registry.js";
import { errorMessage } from "../../../labs/shared/errors.js";
import { sleep } from "../../../labs/shared/wait.js";
import type { Outgoing } from "../../../solutions/37-a-registry-that-is-away.js";
import * as solution from "../../../solutions/37-a-registry-that-is-away.js";
import { checksOf, settled, wrong } from "../checks.js";
import { brokers, ownStack, registry, withTopic } from "../systems.js";
import { openGateway, type Gateway } from "./gateway.js";
import { countIn, recordsOf } from "./topic.js";

const check = checksOf(solution);
type Subject = typeof solution;

const PARTITIONS = 3;
const KEYS = ["bitcoin", "ethereum", "比特币", "solana", "constructor"];
/** More than may wait. */
const COUNT = 240;
const MAX_WAITING = 100;
const START_MS = 1_735_725_600_000;
/** How long the registry is away. It then starts, which takes some seconds more. */
const AWAY_MS = 6_000;
/** How long an answer may take that waits for its start. */
const RESTART_LIMIT_MS = 50_000;
/** How long an answer may take otherwise. */
const LIMIT_MS = 15_000;
/** How long it may take to reject. */
const REFUSAL_LIMIT_MS = 8_000;
/** How long a gateway answers 503, and how many requests an answer may send meanwhile: ten a second, and some more. */
const OUT_OF_ORDER_MS = 3_000;
const MAX_REQUESTS = 35;
/** How long a known schema's events may take, and some more. */
const STORED_MS = 1_500;

const [FIRST, SECOND] = priceEventVersions(await readFile("labs/schema/price-event.avsc", "utf8"));
const INCOMPATIBLE = {
  ...FIRST,
  fields: FIRST.fields.map((each) =>
    each.name === "price_usd" ? { ...each, type: "string", aliases: [] } : each,
  ),
};

/** An event with a version of the schema. Its event time tells it from all others. */
function event(index: number, version: 1 | 2): Outgoing {
  const asset = KEYS[index % KEYS.length]!;
  const fields = { asset, price_usd: index / 4, event_time: START_MS + index };
  return version === 1
    ? { key: asset, schema: JSON.stringify(FIRST), fields }
    : {
        key: asset,
        schema: JSON.stringify(SECOND),
        fields: { ...fields, venue: "northgate", event_id: index % 2 === 0 ? null : String(index) },
      };
}

/** Events of version 1, and from some number on, of both versions in turn. */
const eventsFrom = (second: number, count = COUNT) =>
  Array.from({ length: count }, (_, index) =>
    event(index, index >= second && (index - second) % 3 !== 1 ? 2 : 1),
  );

/** A place for a check: a topic, and the subject of its schemas. */
interface Place {
  topic: string;
  subject: string;
}

const admin = openRegistry(registry);

const withPlace = (run: (place: Place) => Promise<void>): Promise<void> =>
  withTopic("schemas", PARTITIONS, async (topic) => {
    const subject = `${topic}-value`;
    try {
      await run({ topic, subject });
    } finally {
      await admin.deleteSubject(subject).catch(() => {}); // there is none if nothing was registered
    }
  });

async function withGateway(run: (gateway: Gateway) => Promise<void>): Promise<void> {
  const gateway = await openGateway(registry);
  try {
    await run(gateway);
  } finally {
    gateway.treat = () => "forwarded"; // lets an answer end that still waits
    await gateway.close();
  }
}

/** Runs a function while the registry may be stopped, and starts it in any case. */
async function withRestart(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } finally {
    await ownStack().start("registry");
  }
}

/** What a call of the answer has done. */
interface Call {
  /** The error with which it rejected. */
  error: unknown;
  /** A requirement that it has violated while it ran. */
  violation: Error | undefined;
}

interface Running {
  /** The number of events that have arrived. */
  arrived(): number;
  ended: Promise<Call>;
}

interface Start {
  place: Place;
  events: readonly Outgoing[];
  /** The URL of the registry. */
  url: string;
  limitMs: number;
  /** For those whose answer takes longer. */
  idea?: string;
  /** Called before each event arrives; what it throws violates a requirement. */
  before?: (index: number) => Promise<void> | void;
}

/** Calls the answer with events. */
function start(
  subject: Subject,
  input: string,
  {
    place: { topic },
    events,
    url,
    limitMs,
    idea = "Resolve when all events are stored.",
    before = () => {},
  }: Start,
): Running {
  let arrived = 0;
  let isOver = false;
  const call: Call = { error: undefined, violation: undefined };
  async function* arriving() {
    for (const [index, each] of events.entries()) {
      try {
        await before(index);
        if (index % 60 === 0) judgeWaiting(input, index, await countIn(topic));
      } catch (error) {
        call.violation ??= error as Error;
      }
      if (isOver || call.violation !== undefined) return;
      arrived++;
      yield each;
    }
  }
  const producing = subject.produce(brokers, url, topic, arriving());
  const ended = settled(input, producing, limitMs, idea)
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === "NotDone") throw error;
      if (error instanceof Error && error.name === "WrongAnswer") call.violation ??= error;
      else call.error = error ?? new Error("rejected with undefined");
    })
    .finally(() => (isOver = true))
    .then(() => call);
  ended.catch(() => {}); // the check may look later
  return { arrived: () => arrived, ended };
}

/** @throws WrongAnswer if too many events have arrived that are not stored */
function judgeWaiting(input: string, arrived: number, stored: number): void {
  if (arrived - stored <= MAX_WAITING) return;
  throw wrong(
    input,
    `at most ${MAX_WAITING} events that have arrived and are not stored`,
    `${arrived} have arrived, ${stored} are stored`,
    "Do not ask for the next event while you wait: what piles up in memory has no limit, and is lost in a crash.",
  );
}

const shown = (numbers: readonly number[]) =>
  `${numbers.slice(0, 8).join(", ")}${numbers.length > 8 ? ` … (${numbers.length})` : ""}`;

/** Compares the records of the topic with the events. @throws WrongAnswer */
async function judgeTopic(
  input: string,
  { topic, subject }: Place,
  events: readonly Outgoing[],
): Promise<void> {
  const records = await recordsOf(topic);
  const broken = records.find(({ problem }) => problem !== undefined);
  if (broken !== undefined) {
    throw wrong(
      input,
      "records that readers can decode",
      `a record with ${broken.problem}`,
      "A record begins with a byte 0 and the id, the most significant byte first. If the id is not known yet, wait: what was sent cannot be taken back.",
    );
  }
  const numberOf = (fields: unknown) =>
    Number((fields as { event_time?: unknown }).event_time) - START_MS;
  for (const key of KEYS) {
    const sent = events.filter((each) => each.key === key);
    const found = records.filter((each) => each.key === key);
    const [expected, numbers] = [sent, found].map((all) =>
      all.map(({ fields }) => numberOf(fields)),
    );
    const missing = expected!.filter((each) => !numbers!.includes(each));
    const doubled = numbers!.filter((each, at) => numbers!.indexOf(each) !== at);
    const surplus = numbers!.filter((each) => !expected!.includes(each));
    const what = `events ${shown(expected!)} of ${key}`;
    if (missing.length > 0) {
      throw wrong(
        input,
        what,
        `missing: ${shown(missing)}`,
        "No event may be lost, also while the registry is away.",
      );
    }
    if (surplus.length > 0) {
      throw wrong(
        input,
        what,
        `also: ${shown(surplus)}`,
        "After an event that cannot be sent, send no others.",
      );
    }
    if (doubled.length > 0) {
      throw wrong(
        input,
        what,
        `twice: ${shown(doubled)}`,
        "If you try again, leave out what is already stored.",
      );
    }
    const at = numbers!.findIndex((each, index) => each !== expected![index]);
    if (at >= 0) {
      throw wrong(
        input,
        `events of ${key}: ${shown(expected!.slice(at))}`,
        shown(numbers!.slice(at)),
        "An event that waits for its schema must not be overtaken by the next one of its key.",
      );
    }
    for (const [index, { schema, fields }] of sent.entries()) {
      const record = found[index]!;
      if (
        !isDeepStrictEqual(record.schema, JSON.parse(schema)) ||
        !isDeepStrictEqual(record.fields, { ...fields })
      ) {
        throw wrong(
          input,
          `event ${expected![index]}, in its own schema: ${JSON.stringify(fields)}`,
          `in the schema of its id: ${JSON.stringify(record.fields)}`,
          "Encode each event with its own schema, and send the id of that schema. Another one loses fields.",
        );
      }
    }
  }
  const used = new Set(events.map(({ schema }) => schema)).size;
  const versions = await admin.versions(subject).catch(() => []);
  if (versions.length !== used) {
    throw wrong(
      input,
      `${used} versions of the subject TOPIC-value`,
      `${versions.length}`,
      "The subject is the name of the topic with -value.",
    );
  }
}

/** The call must have resolved, and the topic must have all events. */
async function judge(
  input: string,
  place: Place,
  events: readonly Outgoing[],
  { error, violation }: Call,
): Promise<void> {
  if (violation !== undefined) throw violation;
  if (error !== undefined) {
    throw wrong(
      input,
      "resolved",
      `rejected: ${errorMessage(error)}; ${await countIn(place.topic)} events are stored`,
      "Only a status from 400 to 499 is final. A refused connection, a status of 500 or more, and silence may pass: go on asking for 45 seconds.",
    );
  }
  await judgeTopic(input, place, events);
}

/** The call must have rejected with the registry's reason, and the topic must have the events before. */
async function judgeRefusal(
  input: string,
  place: Place,
  before: readonly Outgoing[],
  reason: string,
  { error, violation }: Call,
): Promise<void> {
  if (violation !== undefined) throw violation;
  const found = error === undefined ? "resolved" : `rejected: ${errorMessage(error)}`;
  if (error === undefined || !errorMessage(error).includes(reason)) {
    throw wrong(
      input,
      `rejected, with the registry's reason: ${reason}`,
      found,
      "The registry says in its answer why it refuses the schema. Whoever reads your error needs it.",
    );
  }
  await judgeTopic(input, place, before);
}

const REFUSED_AT = 20;
const FINAL = "A status from 400 to 499 is final: reject, and do not ask again.";

/** The registry's reason for refusing a schema. */
async function reasonFor(subject: string, schema: object): Promise<string> {
  const response = await fetch(`${registry}/subjects/${subject}/versions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  });
  return ((await response.json()) as { message: string }).message;
}

/** @throws WrongAnswer if not all events that have arrived are stored within a second, whose schema is known */
async function judgeKnown(input: string, { topic }: Place, arrived: number): Promise<void> {
  await sleep(STORED_MS);
  const stored = await countIn(topic);
  if (stored === arrived) return;
  throw wrong(
    input,
    `the ${arrived} events before it, whose schema is known, are stored`,
    `${stored} are stored after ${STORED_MS / 1_000} s`,
    "A producer needs the registry once for each schema. Send each event when it arrives.",
  );
}

/** Counts what waits while the registry is away, lets it come back, and judges the call. */
async function judgeAbsence(
  input: string,
  { place, events }: Start,
  { ended, arrived }: Running,
  awayMs: number,
  comeBack: () => Promise<void> | void,
): Promise<void> {
  await Promise.race([ended, sleep(awayMs)]);
  const [taken, stored] = [arrived(), await countIn(place.topic)];
  await comeBack();
  const call = await ended;
  if (call.violation === undefined && call.error === undefined) judgeWaiting(input, taken, stored);
  await judge(input, place, events, call);
}

/** Waits until a record is stored, but not for long: the answer may be one that stores none. */
async function firstStored(topic: string): Promise<void> {
  const deadlineMs = performance.now() + 5 * STORED_MS;
  while ((await countIn(topic)) === 0 && performance.now() < deadlineMs) await sleep(50);
}

const SECOND_AT = 60;
const LEAVES_AT = 30;

/** Events of which number 60 has a schema that is new, and a registry that leaves before number 30. */
function withNewSchema(
  input: string,
  place: Place,
  url: string,
  limitMs: number,
  leave: () => Promise<unknown> | void,
): Start & { waiting: Promise<void> } {
  let wait = () => {};
  const waiting = new Promise<void>((resolve) => (wait = resolve));
  const before = async (index: number) => {
    if (index === LEAVES_AT) {
      await firstStored(place.topic); // an answer that reads ahead may still be registering the first schema
      await leave();
    }
    if (index !== SECOND_AT) return;
    await judgeKnown(input, place, index);
    wait();
  };
  return { place, events: eventsFrom(SECOND_AT), url, limitMs, before, waiting };
}

export default [
  check.scenario("two versions in turn, while everything answers", (subject) =>
    withPlace((place) =>
      withGateway(async ({ url, requests }) => {
        const events = eventsFrom(30);
        const input = `${COUNT} events, from event 30 on with two schemas in turn`;
        const { ended } = start(subject, input, { place, events, url, limitMs: LIMIT_MS });
        await judge(input, place, events, await ended);
        const registrations = requests.filter(({ isRegistration }) => isRegistration);
        if (registrations.length > 2) {
          throw wrong(
            input,
            "each of the two schemas is registered once",
            `${registrations.length} registrations`,
            "An id never changes: keep it.",
          );
        }
      }),
    ),
  ),
  check.scenario("a schema that is registered at the third attempt", (subject) =>
    withPlace((place) =>
      withGateway(async (gateway) => {
        gateway.treat = (registration) =>
          registration === 2 || registration === 3 ? "503" : "forwarded";
        const events = eventsFrom(30);
        const input = `${COUNT} events; the registry answers 503 to the first two attempts with the schema of event 30`;
        const options = { place, events, url: gateway.url, limitMs: LIMIT_MS };
        await judge(input, place, events, await start(subject, input, options).ended);
      }),
    ),
  ),
  check.scenario("a schema that is not compatible", (subject) =>
    withPlace(async (place) => {
      await admin.setCompatibility(place.subject, "BACKWARD");
      const events = eventsFrom(REFUSED_AT, 2 * REFUSED_AT);
      const { fields, ...rest } = events[REFUSED_AT]!;
      events[REFUSED_AT] = {
        ...rest,
        schema: JSON.stringify(INCOMPATIBLE),
        fields: { ...fields, price_usd: "7 dollars" },
      };
      const input = `${events.length} events; the registry refuses the schema of event ${REFUSED_AT} with status 409`;
      const options = { place, events, url: registry, limitMs: REFUSAL_LIMIT_MS, idea: FINAL };
      try {
        const call = await start(subject, input, options).ended;
        const reason = await reasonFor(place.subject, INCOMPATIBLE);
        await judgeRefusal(input, place, events.slice(0, REFUSED_AT), reason, call);
      } finally {
        // An answer that asks for ever is accepted now, and ends.
        await admin.setCompatibility(place.subject, "NONE");
      }
    }),
  ),
  check.scenario("a schema that is not valid", (subject) =>
    withPlace((place) =>
      withGateway(async (gateway) => {
        gateway.treat = (registration) => (registration > 1 ? "422" : "forwarded");
        const events = eventsFrom(REFUSED_AT, 2 * REFUSED_AT);
        const input = `${events.length} events; the registry refuses the schema of event ${REFUSED_AT} with status 422`;
        const options = { place, events, url: gateway.url, limitMs: REFUSAL_LIMIT_MS, idea: FINAL };
        const call = await start(subject, input, options).ended;
        const before = events.slice(0, REFUSED_AT);
        await judgeRefusal(input, place, before, "Invalid schema: a default", call);
      }),
    ),
  ),
  check.scenario("a registry that answers 503 for a while", (subject) =>
    withPlace((place) =>
      withGateway(async (gateway) => {
        const input = `${COUNT} events; from event ${LEAVES_AT} on, the registry answers 503 for some seconds; event ${SECOND_AT} has a new schema`;
        const limitMs = OUT_OF_ORDER_MS + LIMIT_MS;
        const options = withNewSchema(input, place, gateway.url, limitMs, () => {
          gateway.treat = () => "503";
        });
        const running = start(subject, input, options);
        await Promise.race([running.ended, options.waiting]);
        await judgeAbsence(input, options, running, OUT_OF_ORDER_MS, () => {
          gateway.treat = () => "forwarded";
        });
        const count = gateway.requests.filter(({ treatment }) => treatment === "503").length;
        if (count > MAX_REQUESTS) {
          throw wrong(
            input,
            `at most ten requests a second: ${(10 * OUT_OF_ORDER_MS) / 1_000}`,
            `${count} requests in ${OUT_OF_ORDER_MS / 1_000} s`,
            "Wait before you try again. A registry that is overloaded does not recover under a flood of requests.",
          );
        }
      }),
    ),
  ),
  check.scenario("a request that is never answered", (subject) =>
    withPlace((place) =>
      withGateway(async (gateway) => {
        gateway.treat = (registration) => (registration === 1 ? "unanswered" : "forwarded");
        const events = eventsFrom(10, 20);
        const input = `${events.length} events; the registry never answers the first registration`;
        const idea =
          "fetch and axios wait for minutes if nobody answers. Give each request a time limit.";
        const options = { place, events, url: gateway.url, limitMs: LIMIT_MS, idea };
        await judge(input, place, events, await start(subject, input, options).ended);
      }),
    ),
  ),
  check.scenario("a registry that is stopped before the first event", (subject) =>
    withPlace((place) =>
      withRestart(async () => {
        const input = `${COUNT} events; the registry is stopped before the first one, and started after ${AWAY_MS / 1_000} s`;
        await ownStack().stop("registry");
        const options = { place, events: eventsFrom(30), url: registry, limitMs: RESTART_LIMIT_MS };
        const running = start(subject, input, options);
        await judgeAbsence(input, options, running, AWAY_MS, () => ownStack().start("registry"));
      }),
    ),
  ),
  check.scenario("a registry that is stopped before the second schema", (subject) =>
    withPlace((place) =>
      withRestart(async () => {
        const input = `${COUNT} events; the registry is stopped before event ${LEAVES_AT}; event ${SECOND_AT} has a new schema; the registry is started ${AWAY_MS / 1_000} s later`;
        const options = withNewSchema(input, place, registry, RESTART_LIMIT_MS, () =>
          ownStack().stop("registry"),
        );
        const running = start(subject, input, options);
        await Promise.race([running.ended, options.waiting]);
        await judgeAbsence(input, options, running, AWAY_MS, () => ownStack().start("registry"));
      }),
    ),
  ),
];
