// kafkajs has no types for its internal modules. These are the parts that cluster.ts and fetch.ts use.
declare module "kafkajs/src/cluster/index.js" {
  import type { ISocketFactory, KafkaConfig, RetryOptions } from "kafkajs";
  namespace Cluster {
    /** A record as stored in the log, including control records. */
    interface FetchedRecord {
      offset: string;
      timestamp: string;
      key: Buffer | null;
      value: Buffer | null;
      isControlRecord: boolean;
      /** The batch of the record; undefined in the message formats before Kafka 0.11. */
      batchContext?: {
        firstOffset: string;
        lastOffsetDelta: number;
        producerId: string;
        inTransaction: boolean;
      };
    }
    interface FetchedPartition {
      partition: number;
      lastStableOffset: string;
      /** The aborted transactions that overlap the fetched records; their records must be skipped. */
      abortedTransactions: { producerId: string; firstOffset: string }[] | null;
      messages: FetchedRecord[];
    }
    interface Broker {
      fetch(request: {
        isolationLevel: 0 | 1;
        maxWaitTime: number;
        minBytes: number;
        maxBytes: number;
        topics: {
          topic: string;
          partitions: { partition: number; fetchOffset: string; maxBytes: number }[];
        }[];
      }): Promise<{
        clientSideThrottleTime?: number;
        throttleTime?: number;
        responses: { topicName: string; partitions: FetchedPartition[] }[];
      }>;
      listOffsets(request: {
        isolationLevel: 0 | 1;
        topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
      }): Promise<{
        responses: { topic: string; partitions: { partition: number; offset: string }[] }[];
      }>;
    }
  }
  class Cluster {
    constructor(options: {
      logger: unknown;
      socketFactory: ISocketFactory;
      brokers: string[];
      ssl?: KafkaConfig["ssl"];
      sasl?: KafkaConfig["sasl"];
      clientId: string;
      connectionTimeout: number;
      requestTimeout: number;
      enforceRequestTimeout: boolean;
      metadataMaxAge: number;
      allowAutoTopicCreation: boolean;
      retry: RetryOptions;
    });
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    addTargetTopic(topic: string): Promise<void>;
    refreshMetadata(): Promise<void>;
    findTopicPartitionMetadata(topic: string): { partitionId: number }[];
    /** The partitions by the broker that leads them. */
    findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
    findBroker(options: { nodeId: string }): Promise<Cluster.Broker>;
  }
  export default Cluster;
}

declare module "kafkajs/src/loggers/index.js" {
  const loggers: {
    createLogger(options: { level: number; logCreator: () => () => void }): unknown;
  };
  export default loggers;
}

declare module "kafkajs/src/network/socketFactory.js" {
  import type { ISocketFactory } from "kafkajs";
  const socketFactory: () => ISocketFactory;
  export default socketFactory;
}
