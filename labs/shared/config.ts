import { UsageError } from "./errors.js";
import { readKafkaAddress, type KafkaAddress } from "./kafka-address.js";

// The only module that reads environment variables, with the help of kafka-address.ts.

/** The settings that depend on the machine. */
export interface Config {
  /** Base URL of the CoinGecko API. */
  coingeckoUrl: string;
  /** Optional demo key for CoinGecko; a secret, never logged. */
  coingeckoKey: string | undefined;
  /** URL of the Coinbase Exchange WebSocket feed. */
  coinbaseUrl: string;
  /** An existing Kafka cluster; undefined: the lab's own Kafka. */
  kafka: KafkaAddress | undefined;
  /** The NameNode of an existing HDFS, `hdfs://host:port`; undefined: the lab's own HDFS. */
  hdfsUrl: string | undefined;
  /** The WebHDFS address of that HDFS, `http://host:port` or `https://host:port`, if it is not at the default port. */
  webhdfsUrl: string | undefined;
  /** The user in whose name HDFS acts; undefined: that of the operating system. */
  hdfsUser: string | undefined;
  /**
   * The API of an existing schema registry, such as `https://user:password@host:port`; undefined: the lab's own. A secret, if it has
   * a password.
   */
  schemaRegistryUrl: string | undefined;
  /** An existing Spark Connect server, `sc://host:port`; a secret, if it has a token; undefined: the lab's own Spark. */
  sparkRemote: string | undefined;
  stack: StackConfig;
}

/** The lab's own Kafka, HDFS, Spark and schema registry. */
export interface StackConfig {
  /** The folder of their data, logs and generated settings; undefined: `.lab/stack` in the project's root. */
  folder: string | undefined;
  ports: Record<PortName, number>;
  /** Where its services run: all on this machine, or each in a container of its own, whose host name is the service's. */
  network: "loopback" | "containers";
  /** Whether its services also have TLS, users and passwords: `stack.ts up --secure`. */
  isSecure: boolean;
}

/** The host that a service of the lab runs on, which is also the only one that it listens on. */
export const hostOf = ({ network }: StackConfig, service: string): string =>
  network === "containers" ? service : "127.0.0.1";

/** The addresses of the lab's own services. */
export function ownAddresses(config: StackConfig) {
  const { ports } = config;
  const at = (service: string, port: number) => `${hostOf(config, service)}:${port}`;
  return {
    /** `host:port` of Kafka's brokers. */
    brokers: [at("kafka", ports.KAFKA_PORT)],
    /** The NameNode. */
    hdfs: {
      host: hostOf(config, "namenode"),
      httpPort: ports.NAMENODE_HTTP_PORT,
      rpcPort: ports.NAMENODE_PORT,
    },
    /** Spark's Connect server. */
    sparkRemote: `sc://${at("spark", ports.SPARK_PORT)}`,
    /** Spark's web UI, and below `/api/v1` the same as JSON. */
    sparkUi: `http://${at("spark", ports.SPARK_UI_PORT)}`,
    /** The schema registry, with the path of the protocol that Confluent's clients speak. */
    registry: `http://${at("registry", ports.REGISTRY_PORT)}/apis/ccompat/v7`,
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
  REGISTRY_PORT: 8081,
  // The services listen on these only in a secured stack.
  KAFKA_TLS_PORT: 9093,
  NAMENODE_HTTPS_PORT: 9871,
  DATANODE_HTTPS_PORT: 9865,
};
export type PortName = keyof typeof DEFAULT_PORTS;
export const PORT_NAMES = Object.keys(DEFAULT_PORTS) as PortName[];

/** The environment variable that sets one of the stack's ports. */
export const portVariable = (name: PortName): string => `LAB_${name}`;

function port(environment: NodeJS.ProcessEnv, name: PortName): number {
  const text = environment[portVariable(name)] || String(DEFAULT_PORTS[name]);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 65_535) {
    throw new UsageError(`${portVariable(name)} must be a port from 1 to 65535, not ${text}`);
  }
  return value;
}

function network(text: string | undefined): StackConfig["network"] {
  if (!text || text === "loopback") return "loopback";
  if (text === "containers") return text;
  throw new UsageError(`LAB_NETWORK must be loopback or containers, not ${text}`);
}

/** The URL in a variable, or the default. Errors do not show it: it may contain a password. @throws UsageError if it has none of the schemes */
function url(text: string | undefined, usual: string, name: string, schemes: string[]): string {
  if (!text) return usual;
  if (URL.canParse(text) && schemes.includes(new URL(text).protocol)) return text;
  throw new UsageError(`${name} must be a URL that begins with ${schemes.join("// or ")}//`);
}

/** @throws UsageError, which does not show the URL: it may contain a password */
function registryUrl(text = ""): string | undefined {
  const value = text.trim();
  if (value === "") return undefined;
  try {
    const { protocol, username, password } = new URL(value);
    decodeURIComponent(username + password);
    if (protocol === "https:" || protocol === "http:") return value;
  } catch {
    // explained below
  }
  throw new UsageError(
    "SCHEMA_REGISTRY_URL must be a URL that begins with https:// or http://; in its user and password write % as %25, / as %2F, @ as %40",
  );
}

/**
 * Reads the settings from environment variables. An empty variable counts as not set.
 *
 * @throws UsageError if a port, a URL or a broker's address is invalid
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const ports = PORT_NAMES.map((name) => [name, port(environment, name)] as const);
  return {
    coingeckoUrl: url(environment["COINGECKO_URL"], COINGECKO_URL, "COINGECKO_URL", [
      "https:",
      "http:",
    ]),
    coingeckoKey: environment["COINGECKO_API_KEY"] || undefined,
    kafka: readKafkaAddress(environment),
    hdfsUrl: environment["HDFS_URL"]?.trim() || undefined,
    webhdfsUrl: environment["WEBHDFS_URL"]?.trim() || undefined,
    hdfsUser: environment["HADOOP_USER_NAME"]?.trim() || undefined, // Hadoop's own clients read it, too
    schemaRegistryUrl: registryUrl(environment["SCHEMA_REGISTRY_URL"]),
    sparkRemote: environment["SPARK_REMOTE"]?.trim() || undefined,
    coinbaseUrl: url(environment["COINBASE_URL"], COINBASE_URL, "COINBASE_URL", ["wss:", "ws:"]),
    stack: {
      folder: environment["LAB_STACK_DIR"] || undefined,
      ports: Object.fromEntries(ports) as Record<PortName, number>,
      network: network(environment["LAB_NETWORK"]),
      isSecure: false,
    },
  };
}
