import type { Message } from "../../labs/event.js";
import { removeTopics } from "../../labs/log/kafka/topics.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import type { StackConfig } from "../../labs/shared/config.js";
import { SERVICE_NAMES } from "../../labs/stack/service.js";
import { openStack, type Stack } from "../../labs/stack/stack.js";
import { startServices } from "../../labs/stack/start.js";
import { hdfsStore } from "../../labs/store/hdfs.js";
import type { Store } from "../../labs/store/store.js";
import { inThousands, say, timed } from "./benchmark.js";
import { PARTITIONS, marketMessages } from "./market-log.js";

export const STACK_EVENTS = 200_000;
const CHUNK = 5_000;

/** The real systems, and what is put into them. */
export interface BenchStack {
  stack: Stack;
  /** A name of this run's own: of its topic, and of its folder on HDFS. */
  name: string;
  /** Starts what does not run. */
  start(): Promise<void>;
  /** The events, in chunks as they are produced. */
  messages(): Promise<Message[][]>;
  /** Puts the events into the topic, once. @returns how long that took, milliseconds */
  fillTopic(): Promise<number>;
  /** A folder below this run's own. */
  store(folder: string): Store;
  /** Removes this run's topics and files, if it has started the services. */
  remove(): Promise<void>;
}

export function openBenchStack(root: string, config: StackConfig): BenchStack {
  const stack = openStack(root, config);
  const { brokers } = stack.addresses;
  const name = `bench_${Date.now().toString(36)}`;
  let starting: Promise<void> | undefined;
  let all: Promise<Message[][]> | undefined;
  let filling: Promise<number> | undefined;

  async function makeMessages(): Promise<Message[][]> {
    const made: Message[][] = [];
    for await (const chunk of marketMessages(STACK_EVENTS, CHUNK)) made.push(chunk);
    return made;
  }

  async function fill(): Promise<number> {
    const messages = await bench.messages();
    say(`producing ${inThousands(STACK_EVENTS)} events …`);
    const log = await openKafkaLog({ brokers, topic: name, partitions: PARTITIONS });
    await log.append(messages[0]!.slice(0, 1)); // connects
    const tookMs = await timed(async () => {
      for (const chunk of messages) await log.append(chunk);
    });
    await log.close();
    return tookMs;
  }

  const bench: BenchStack = {
    stack,
    name,
    start: () => (starting ??= startServices(stack, SERVICE_NAMES)),
    messages: () => (all ??= makeMessages()),
    fillTopic: () => (filling ??= fill()),
    store: (folder) => benchStore(stack.addresses.hdfs, name, folder),
    async remove() {
      const isRunning = await starting?.then(
        () => true,
        () => false,
      );
      if (!isRunning) return;
      await removeTopics({ brokers }, name).catch(() => {});
      await bench
        .store("")
        .remove("")
        .catch(() => {});
    },
  };
  return bench;
}

/** A folder on HDFS that one run of the benchmarks writes. */
export const benchStore = (hdfs: Stack["addresses"]["hdfs"], name: string, folder: string) =>
  hdfsStore({ ...hdfs, path: `/bench/${name}/${folder}` }, true);
