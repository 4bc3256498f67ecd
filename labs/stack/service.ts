import { join } from "node:path";
import { MAX_VALUE_BYTES } from "../event.js";
import { hostOf, ownAddresses, type PortName, type StackConfig } from "../shared/config.js";
import { hadoopJava, kafkaJava, registryJava, type JavaProgram } from "./java.js";
import type { Places } from "./places.js";
import { ask, hadoopBean, isOpen } from "./probe.js";

/** The processes of the stack, in the order of their dependencies. */
export const SERVICE_NAMES = [
  "zookeeper",
  "kafka",
  "namenode",
  "datanode",
  "spark",
  "registry",
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];
/** Those that are started if none are named. Only events in Avro or JSON Schema need the registry. */
export const USUAL_SERVICES: readonly ServiceName[] = SERVICE_NAMES.filter(
  (name) => name !== "registry",
);

/** One process of the stack: how to start it, and how to check that it answers. */
export interface Service {
  /** The folder in `setup/` that installs it. */
  component: "kafka" | "hadoop" | "spark" | "registry";
  /** The folder of its Java in what is installed. */
  javaHome: "java" | "registry/java";
  /** The services it depends on. It waits for them itself, so all may be started at the same time. */
  needs: ServiceName[];
  /** The ports it listens on; the first is the main one. */
  ports: PortName[];
  /** The ports it also listens on in a secured stack. */
  securePorts?: PortName[];
  /** A path that exists if the service is installed. */
  installed: string;
  /** The folder of its data in `data/`. */
  data: string;
  /** Its program. */
  java(places: Places, config: StackConfig): JavaProgram;
  /** Resolves when it answers; rejects while it does not. Imports its client when called: Java starts meanwhile. */
  answers(places: Places, config: StackConfig): Promise<void>;
  /** Patterns in its log of fatal errors, with their meaning and what to do. */
  failures: [RegExp, string][];
  /** A pattern in its log of an error that goes away if the service is started again. */
  transientFailure?: RegExp;
}

const RESET_KAFKA =
  "the data of Kafka and of ZooKeeper belong to different clusters; remove both: npx tsx scripts/stack.ts reset kafka";
export const RESET_HDFS = "remove the data of HDFS: npx tsx scripts/stack.ts reset hdfs";

/** The ports that a service listens on. */
export const portsOf = (name: ServiceName, { isSecure }: StackConfig): PortName[] => [
  ...SERVICES[name].ports,
  ...(isSecure ? (SERVICES[name].securePorts ?? []) : []),
];

export const SERVICES: Record<ServiceName, Service> = {
  zookeeper: {
    component: "kafka",
    javaHome: "java",
    needs: [],
    ports: ["ZOOKEEPER_PORT"],
    installed: "kafka/jars/zookeeper-3.6.4.jar",
    data: "zookeeper",
    java: (places) =>
      kafkaJava(places, "-Xmx256m", "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg"),
    answers: async (_, config) => {
      const host = hostOf(config, "zookeeper");
      const answer = await ask(host, config.ports.ZOOKEEPER_PORT, "ruok");
      if (answer !== "imok") throw new Error(`ZooKeeper answered ${answer || "nothing"}`);
    },
    failures: [],
  },
  kafka: {
    component: "kafka",
    javaHome: "java",
    needs: ["zookeeper"],
    ports: ["KAFKA_PORT"],
    securePorts: ["KAFKA_TLS_PORT"],
    installed: "kafka/jars/kafka_2.13-3.4.1.jar",
    data: "kafka",
    java: (places) => kafkaJava(places, "-Xmx512m", "kafka.Kafka", "server.properties"),
    answers: async (_, config) => {
      const { describeKafka } = await import("../log/kafka/client.js");
      await describeKafka(ownAddresses(config));
    },
    failures: [[/InconsistentClusterIdException/, RESET_KAFKA]],
    // After kill -9, ZooKeeper keeps the broker's old session, and with it the registered broker id, for some seconds.
    transientFailure: /NodeExistsException|KeeperErrorCode = NodeExists/,
  },
  namenode: {
    component: "hadoop",
    javaHome: "java",
    needs: [],
    ports: ["NAMENODE_HTTP_PORT", "NAMENODE_PORT"],
    securePorts: ["NAMENODE_HTTPS_PORT"],
    installed: "hadoop/jars/hadoop-hdfs-3.3.6.jar",
    data: "hadoop",
    java: (places) => hadoopJava(places, "org.apache.hadoop.hdfs.server.namenode.NameNode"),
    answers: async (_, config) => {
      const { host, httpPort } = ownAddresses(config).hdfs;
      await hadoopBean(host, httpPort, "NameNode", "NameNodeInfo");
    },
    failures: [
      [
        /NameNode is not formatted|InconsistentFSStateException/,
        `the NameNode's folder is only partly formatted; ${RESET_HDFS}`,
      ],
    ],
  },
  datanode: {
    component: "hadoop",
    javaHome: "java",
    needs: ["namenode"],
    ports: ["DATANODE_HTTP_PORT", "DATANODE_PORT", "DATANODE_IPC_PORT"],
    securePorts: ["DATANODE_HTTPS_PORT"],
    installed: "hadoop/jars/hadoop-hdfs-3.3.6.jar",
    data: "hadoop",
    java: (places) => hadoopJava(places, "org.apache.hadoop.hdfs.server.datanode.DataNode"),
    answers: async (_, config) => {
      const { host, httpPort } = ownAddresses(config).hdfs;
      const nameNode = (bean: string) => hadoopBean(host, httpPort, "NameNode", bean);
      // Asked first: a DataNode that has not joined logs a stack trace for each question.
      const live = await nameNode("FSNamesystemState");
      if (live["NumLiveDataNodes"] !== 1)
        throw new Error("the NameNode does not know the DataNode");
      // Asked too, because the NameNode counts a dead DataNode as live for a while.
      const ownHost = hostOf(config, "datanode");
      const ownPort = config.ports.DATANODE_HTTP_PORT;
      const own = await hadoopBean(ownHost, ownPort, "DataNode", "DataNodeInfo");
      if (!/"ActorState":"RUNNING"/i.test(String(own["BPServiceActorInfo"]))) {
        throw new Error("the DataNode has not joined the NameNode yet");
      }
      const { Safemode } = await nameNode("NameNodeInfo");
      if (Safemode !== "") {
        throw new Error(
          "the NameNode is in safe mode, which ends when the DataNodes have reported; to end it now: setup/bin/hdfs dfsadmin -safemode leave",
        );
      }
    },
    failures: [
      [
        /Incompatible clusterIDs/,
        `NameNode and DataNode belong to different clusters; ${RESET_HDFS}`,
      ],
    ],
  },
  spark: {
    component: "spark",
    javaHome: "java",
    needs: [],
    ports: ["SPARK_PORT", "SPARK_UI_PORT"],
    installed: "spark/jars/spark-avro_2.12-3.5.7.jar",
    data: "spark",
    java: ({ root, installed, settings }, config) => ({
      options: [
        "-Xmx1g",
        "-XX:+UseSerialGC",
        "-Djava.net.preferIPv4Stack=true",
        // Otherwise Avro takes memory for a length of 2 GB, which a damaged record of 30 bytes may state, and Spark ends.
        ...["string", "bytes"].map(
          (type) => `-Dorg.apache.avro.limits.${type}.maxLength=${MAX_VALUE_BYTES}`,
        ),
      ],
      jars: [join(installed, "spark/home/jars"), join(installed, "spark/jars")],
      folders: [join(settings, "spark")],
      main: [
        ...["org.codehaus.janino.JavaSourceClassLoader", "-sourcepath", join(root, "setup/spark")],
        ...["ConnectServer", join(settings, "spark/spark-defaults.conf")],
      ],
      environment: {
        SPARK_HOME: join(installed, "spark/home"),
        SPARK_CONF_DIR: join(settings, "spark"),
        // The address that Spark's web UI and other ports listen on.
        SPARK_LOCAL_IP: hostOf(config, "spark"),
      },
    }),
    answers: async ({ root }, config) => {
      const { PROTOCOL, connectSpark } = await import("../spark/client.js");
      await isOpen(hostOf(config, "spark"), config.ports.SPARK_PORT);
      const session = connectSpark(ownAddresses(config).sparkRemote, join(root, PROTOCOL));
      try {
        await session.sql("SELECT 1");
      } finally {
        session.close();
      }
    },
    failures: [],
  },
  registry: {
    component: "registry",
    javaHome: "registry/java",
    needs: [],
    ports: ["REGISTRY_PORT"],
    installed: "registry/app/lib",
    data: "registry",
    java: registryJava,
    answers: async (_, config) => {
      const url = `${ownAddresses(config).registry}/subjects`;
      const { status } = await fetch(url, { signal: AbortSignal.timeout(3_000) });
      if (status !== 200) throw new Error(`the schema registry answered with status ${status}`);
    },
    failures: [
      [
        /MVStoreException|JdbcSQLNonTransient/,
        "its database cannot be opened; remove it, with all schemas: npx tsx scripts/stack.ts reset registry",
      ],
    ],
  },
};
