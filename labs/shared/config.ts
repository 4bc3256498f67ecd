import { resolve } from "node:path";
import { UsageError } from "./errors.js";

// The only module that reads the environment.

/** Where things are, as far as that depends on the machine. */
export interface Config {
  /** Base URL of the CoinGecko API. */
  coingeckoUrl: string;
  /** CoinGecko's optional demo key; a secret, never logged. */
  coingeckoKey: string | undefined;
  /** URL of the Coinbase Exchange WebSocket feed. */
  coinbaseUrl: string;
  /** Another Kafka than the lab's own, `host:port` each; undefined where none is named. */
  kafkaBrokers: string[] | undefined;
  /** Another HDFS than the lab's own: its NameNode, `hdfs://host:port`. */
  hdfsUrl: string | undefined;
  /** Where that HDFS is reached by HTTP, `http://host:port`, if not at the usual port. */
  webhdfsUrl: string | undefined;
  /** Another Spark Connect server than the lab's own, `sc://host:port`. */
  sparkRemote: string | undefined;
  stack: StackConfig;
}

/** The lab's own Kafka, HDFS and Spark. */
export interface StackConfig {
  /** Where their data, logs and rendered settings live. */
  folder: string;
  ports: Record<PortName, number>;
}

/** Where the lab's own services answer: on this machine, and to nobody else. */
export function ownAddresses({ ports }: StackConfig) {
  const host = "127.0.0.1";
  return {
    /** `host:port` of Kafka's brokers. */
    brokers: [`${host}:${ports.KAFKA_PORT}`],
    /** The NameNode. */
    hdfs: { host, httpPort: ports.NAMENODE_HTTP_PORT, rpcPort: ports.NAMENODE_PORT },
    /** Spark's Connect server. */
    sparkRemote: `sc://${host}:${ports.SPARK_PORT}`,
  };
}

export type OwnAddresses = ReturnType<typeof ownAddresses>;

const COINGECKO_URL = "https://api.coingecko.com";
const COINBASE_URL = "wss://ws-feed.exchange.coinbase.com";

const DEFAULT_PORTS = {
  ZOOKEEPER_PORT: 2181,
  KAFKA_PORT: 9092,
  NAMENODE_PORT: 8020,
  NAMENODE_HTTP_PORT: 9870,
  DATANODE_PORT: 9866,
  DATANODE_HTTP_PORT: 9864,
  DATANODE_IPC_PORT: 9867,
  SPARK_PORT: 15002,
  SPARK_UI_PORT: 4040,
};
export type PortName = keyof typeof DEFAULT_PORTS;
export const PORT_NAMES = Object.keys(DEFAULT_PORTS) as PortName[];

/** The variable that moves one of the stack's ports. */
export const portVariable = (name: PortName): string => `LAB_${name}`;

function port(environment: NodeJS.ProcessEnv, name: PortName): number {
  const text = environment[portVariable(name)] || String(DEFAULT_PORTS[name]);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 65_535) {
    throw new UsageError(`${portVariable(name)} must be a port from 1 to 65535, not ${text}`);
  }
  return value;
}

/** `host:port, host:port`, with or without the space; undefined if there is none. */
function brokers(text = ""): string[] | undefined {
  const list = text.split(",").map((broker) => broker.trim());
  const named = list.filter((broker) => broker !== "");
  for (const [index, broker] of named.entries()) {
    // kafkajs takes no IPv6 address.
    if (!/^[^\s:/@[\]]+:\d{1,5}$/.test(broker)) {
      throw new UsageError(
        `KAFKA_BROKERS must be host:port,host:port; entry ${index + 1} is not host:port`,
      );
    }
  }
  return named.length === 0 ? undefined : named;
}

/** The URL in a variable. An error does not show it: it may hold a password. @throws UsageError if it is none of these schemes */
function url(text: string | undefined, usual: string, name: string, schemes: string[]): string {
  if (!text) return usual;
  if (URL.canParse(text) && schemes.includes(new URL(text).protocol)) return text;
  throw new UsageError(`${name} must be a URL that begins with ${schemes.join("// or ")}//`);
}

/**
 * Reads the settings that depend on where the lab runs. An empty variable counts as not set.
 *
 * @throws UsageError if a port or a broker is none
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const ports = PORT_NAMES.map((name) => [name, port(environment, name)] as const);
  return {
    coingeckoUrl: url(environment["COINGECKO_URL"], COINGECKO_URL, "COINGECKO_URL", [
      "https:",
      "http:",
    ]),
    coingeckoKey: environment["COINGECKO_API_KEY"] || undefined,
    kafkaBrokers: brokers(environment["KAFKA_BROKERS"]),
    hdfsUrl: environment["HDFS_URL"]?.trim() || undefined,
    webhdfsUrl: environment["WEBHDFS_URL"]?.trim() || undefined,
    sparkRemote: environment["SPARK_REMOTE"]?.trim() || undefined,
    coinbaseUrl: url(environment["COINBASE_URL"], COINBASE_URL, "COINBASE_URL", ["wss:", "ws:"]),
    stack: {
      folder: resolve(environment["LAB_STACK_DIR"] || ".lab/stack"),
      ports: Object.fromEntries(ports) as Record<PortName, number>,
    },
  };
}
