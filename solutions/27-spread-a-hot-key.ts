import { Kafka, Partitioners, logLevel, type ICustomPartitioner } from "kafkajs";

/**
 * Sends records to a topic so that a few hot keys do not overload a single partition.
 *
 * - A record with one of the `hotKeys` may go to any partition. Each partition must receive about the same number of records
 *   of that key: the numbers differ by at most 1.
 * - All other records go to the partition that Kafka's default partitioner chooses for their key, so that each of these keys
 *   stays in one partition, in order, where other producers of the topic send it too.
 * - Keys and values stay as they are: the key still names the asset.
 *
 * Resolves when Kafka has stored all records. See kafkajs's documentation of producing messages: `partition` in a
 * message, or a custom partitioner.
 *
 * @param brokers `host:port` of the brokers
 */
export async function sendSpread(
  brokers: string[],
  topic: string,
  records: { key: string; value: string }[],
  hotKeys: string[],
): Promise<void> {
  const sent = new Map(hotKeys.map((key) => [key, 0]));
  const createPartitioner: ICustomPartitioner = () => {
    const usual = Partitioners.DefaultPartitioner();
    return (args) => {
      const key = String(args.message.key);
      const count = sent.get(key);
      if (count === undefined) return usual(args);
      sent.set(key, count + 1);
      return args.partitionMetadata[count % args.partitionMetadata.length]!.partitionId;
    };
  };
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner });
  await producer.connect();
  try {
    await producer.send({ topic, messages: records });
  } finally {
    await producer.disconnect();
  }
}
