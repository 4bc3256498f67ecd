import { openFileLog } from "../../labs/log/file.js";
import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { TOPIC, type EventLog } from "../../labs/log/log.js";
import {
  compareWithAim,
  inFolder,
  percentile,
  say,
  type Benchmark,
  type Row,
} from "./benchmark.js";
import { PARTITIONS, marketMessages } from "./market-log.js";

const ROUNDS = 3_000;
/** The first rounds do not count: Node compiles what it runs often. */
const WARM_UP = 500;
const CHUNK = 10;
const AIM_MS = 5;

export const visible: Benchmark = {
  name: "visible",
  help: "from the end of an append to the embedded log until a consumer has read the records",
  measure: () =>
    inFolder(async (folder) => {
      const log = await openFileLog(folder, TOPIC, PARTITIONS);
      return [await measureLog("embedded log, same process", log)];
    }),
};

export const stackVisible: Benchmark = {
  name: "fetch",
  help: "from the end of an append to Kafka until a consumer has read the records",
  async measure({ stack }) {
    const bench = stack();
    await bench.start();
    const { brokers } = bench.stack.addresses;
    const topic = `${bench.name}_visible`;
    return [
      await measureLog("Kafka", await openKafkaLog({ brokers, topic, partitions: PARTITIONS })),
    ];
  },
};

/** Appends chunks, and reads each as the engine does: syncs the log, asks for the end offsets, then for the records. */
async function measureLog(name: string, log: EventLog): Promise<Row> {
  const what = `appended → read, ${name}, ${CHUNK} records at a time`;
  say(`${what} …`);
  const tookMs: number[] = [];
  let read = await log.endOffsets();
  for await (const chunk of marketMessages(ROUNDS * CHUNK, CHUNK)) {
    await log.append(chunk);
    const appendedMs = performance.now();
    await log.sync();
    for (let missing = chunk.length; missing > 0;) {
      const ends = await log.endOffsets();
      for (const [partition, end] of ends.entries()) {
        for await (const records of log.read(partition, read[partition]!, end)) {
          missing -= records.length;
        }
      }
      read = ends;
    }
    tookMs.push(performance.now() - appendedMs);
  }
  await log.close();
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(tookMs.slice(WARM_UP), share));
  return {
    what,
    value: `p50 ${p50!.toFixed(2)} ms, p99 ${p99!.toFixed(2)} ms`,
    aim: `p99 ${compareWithAim(p99!, AIM_MS, " ms")}`,
  };
}
