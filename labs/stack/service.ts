import { access, readFile, readdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { ownAddresses, type PortName, type StackConfig } from "../config.js";
import { LabError } from "../errors.js";
import { makeFolders } from "../files.js";
import { describeKafka } from "../log/kafka/client.js";
import { connectSpark } from "../spark/client.js";

/** The processes of the stack, in the order in which they may be started. */
export const SERVICE_NAMES = ["zookeeper", "kafka", "namenode", "datanode", "spark"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Folders of an installed and configured stack. */
export interface Places {
  /** The project's root. */
  root: string;
  /** What the set-up scripts installed: `.lab` in the root. */
  installed: string;
  /** Settings with the placeholders filled in, a folder a component. */
  settings: string;
  data: string;
  logs: string;
  /** Records of started processes. */
  run: string;
}

/** One process of the stack: how it is started, and how one knows that it answers. */
export interface Service {
  /** The folder in `setup/` that installs it. */
  component: "kafka" | "hadoop" | "spark";
  /** What it needs to be there: it waits for it by itself, so both may be started at once. */
  needs: ServiceName[];
  /** The ports it listens on, the one to talk to first. */
  ports: PortName[];
  /** Something of the installation that must be there. */
  installed: string;
  /** The folder of its data below `data/`. */
  data: string;
  /** Arguments of `java`, and variables. */
  java(
    places: Places,
    config: StackConfig,
  ): { args: string[]; environment?: Record<string, string> };
  /** Resolves when it answers; rejects while it does not. */
  answers(places: Places, config: StackConfig): Promise<void>;
  /** Lines in its log that mean it cannot work, and what to do. */
  failures: [RegExp, string][];
  /** A failure that passes: start it again. */
  passing?: RegExp;
}

/** A path that is not ASCII, such as /home/jürgen, is read right by Java in a UTF-8 locale only, and LANG=C is none. */
export const JAVA_ENVIRONMENT = { LC_ALL: "C.UTF-8" };

const classpath = (...entries: string[]) => ["-cp", entries.join(":")];
const SMALL_JVM = [
  "-XX:+UseSerialGC",
  "-Djava.net.preferIPv4Stack=true",
  "-XX:TieredStopAtLevel=1",
];

function kafkaJava({ settings, installed }: Places, heap: string, main: string, file: string) {
  return {
    args: [
      heap,
      ...SMALL_JVM,
      `-Dlog4j.configuration=file:${join(settings, "kafka/log4j.properties")}`,
      ...classpath(join(installed, "kafka/jars/*")),
      main,
      join(settings, "kafka", file),
    ],
  };
}

export function hadoopJava({ settings, installed, logs }: Places, ...args: string[]) {
  return {
    args: [
      "-Xmx256m",
      ...SMALL_JVM,
      `-Dhadoop.home.dir=${join(installed, "hadoop")}`,
      `-Dhadoop.log.dir=${logs}`,
      ...classpath(
        join(settings, "hadoop"),
        join(installed, "hadoop"),
        join(installed, "hadoop/jars/*"),
      ),
      ...args,
    ],
  };
}

/** What a TCP service answers to a short question. */
function ask(port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let answer = "";
    socket.setTimeout(2_000, () => socket.destroy(new Error("no answer in time")));
    socket.on("connect", () => socket.write(question));
    socket.on("data", (data) => (answer += data.toString()));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

/** Resolves when a port is open, which is cheaper to ask than a gRPC client that waits and waits again. */
function opened(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

/** The figures that a service of Hadoop publishes about itself. */
async function hadoopBean(
  port: number,
  service: "NameNode" | "DataNode",
  name: string,
): Promise<Record<string, unknown>> {
  const url = `http://127.0.0.1:${port}/jmx?qry=Hadoop:service=${service},name=${name}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const { beans } = (await response.json()) as { beans: Record<string, unknown>[] };
  if (beans[0] === undefined) throw new Error(`the ${service} does not publish ${name} yet`);
  return beans[0];
}

const RESET_KAFKA =
  "the data of Kafka and of ZooKeeper are of different clusters; remove both: npx tsx scripts/stack.ts reset kafka";
const RESET_HDFS = "remove the data of HDFS: npx tsx scripts/stack.ts reset hdfs";

export const SERVICES: Record<ServiceName, Service> = {
  zookeeper: {
    component: "kafka",
    needs: [],
    ports: ["ZOOKEEPER_PORT"],
    installed: "kafka/jars/zookeeper-3.6.4.jar",
    data: "zookeeper",
    java: (places) =>
      kafkaJava(places, "-Xmx256m", "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg"),
    answers: async (_, { ports }) => {
      const answer = await ask(ports.ZOOKEEPER_PORT, "ruok");
      if (answer !== "imok") throw new Error(`ZooKeeper answered ${answer || "nothing"}`);
    },
    failures: [],
  },
  kafka: {
    component: "kafka",
    needs: ["zookeeper"],
    ports: ["KAFKA_PORT"],
    installed: "kafka/jars/kafka_2.13-3.4.1.jar",
    data: "kafka",
    java: (places) => kafkaJava(places, "-Xmx512m", "kafka.Kafka", "server.properties"),
    answers: (_, config) => describeKafka(ownAddresses(config).brokers),
    failures: [[/InconsistentClusterIdException/, RESET_KAFKA]],
    // After kill -9 ZooKeeper keeps the old session for some seconds, and with it the broker's place.
    passing: /NodeExistsException|KeeperErrorCode = NodeExists/,
  },
  namenode: {
    component: "hadoop",
    needs: [],
    ports: ["NAMENODE_HTTP_PORT", "NAMENODE_PORT"],
    installed: "hadoop/jars/hadoop-hdfs-3.3.6.jar",
    data: "hadoop",
    java: (places) => hadoopJava(places, "org.apache.hadoop.hdfs.server.namenode.NameNode"),
    answers: async (_, { ports }) =>
      void (await hadoopBean(ports.NAMENODE_HTTP_PORT, "NameNode", "NameNodeInfo")),
    failures: [
      [
        /NameNode is not formatted|InconsistentFSStateException/,
        `the NameNode's folder is only half formatted; ${RESET_HDFS}`,
      ],
    ],
  },
  datanode: {
    component: "hadoop",
    needs: ["namenode"],
    ports: ["DATANODE_HTTP_PORT", "DATANODE_PORT", "DATANODE_IPC_PORT"],
    installed: "hadoop/jars/hadoop-hdfs-3.3.6.jar",
    data: "hadoop",
    java: (places) => hadoopJava(places, "org.apache.hadoop.hdfs.server.datanode.DataNode"),
    answers: async (_, { ports }) => {
      // Asked first, since the NameNode takes a dead DataNode for a living one for a while.
      const own = await hadoopBean(ports.DATANODE_HTTP_PORT, "DataNode", "DataNodeInfo");
      if (!/"ActorState":"RUNNING"/i.test(String(own["BPServiceActorInfo"]))) {
        throw new Error("the DataNode has not joined the NameNode yet");
      }
      const { NAMENODE_HTTP_PORT } = ports;
      const live = await hadoopBean(NAMENODE_HTTP_PORT, "NameNode", "FSNamesystemState");
      if (live["NumLiveDataNodes"] !== 1)
        throw new Error("the NameNode does not know the DataNode");
      const { Safemode } = await hadoopBean(NAMENODE_HTTP_PORT, "NameNode", "NameNodeInfo");
      if (Safemode !== "") {
        throw new Error(
          "the NameNode is in safe mode, which ends when the DataNodes have reported; to end it now: setup/bin/hdfs dfsadmin -safemode leave",
        );
      }
    },
    failures: [
      [/Incompatible clusterIDs/, `NameNode and DataNode are of different clusters; ${RESET_HDFS}`],
    ],
  },
  spark: {
    component: "spark",
    needs: [],
    ports: ["SPARK_PORT", "SPARK_UI_PORT"],
    installed: "spark/home/jars",
    data: "spark",
    java: ({ root, installed, settings }) => ({
      args: [
        "-Xmx1g",
        "-Djava.net.preferIPv4Stack=true",
        ...classpath(
          join(settings, "spark"),
          join(installed, "spark/home/jars/*"),
          join(installed, "spark/jars/*"),
        ),
        ...["org.codehaus.janino.JavaSourceClassLoader", "-sourcepath", join(root, "setup/spark")],
        ...["ConnectServer", join(settings, "spark/spark-defaults.conf")],
      ],
      environment: {
        SPARK_HOME: join(installed, "spark/home"),
        SPARK_CONF_DIR: join(settings, "spark"),
        // The address that Spark's own web page and ports listen on.
        SPARK_LOCAL_IP: "127.0.0.1",
      },
    }),
    answers: async (_, config) => {
      await opened(config.ports.SPARK_PORT);
      const session = connectSpark(ownAddresses(config).sparkRemote);
      try {
        await session.sql("SELECT 1");
      } finally {
        session.close();
      }
    },
    failures: [],
  },
};

/** Which settings are filled in for which component, from `setup/COMPONENT/`. */
const SETTINGS = {
  kafka: ["zoo.cfg", "server.properties", "log4j.properties", "log4j-tools.properties"],
  hadoop: ["core-site.xml", "hdfs-site.xml", "log4j.properties"],
  spark: ["spark-defaults.conf", "log4j2.properties"],
};

/** Fills in `${NAME}`. @throws LabError if a name has no value */
function fillIn(template: string, values: Record<string, string>, file: string): string {
  return template.replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new LabError(`${file} asks for \${${name}}, which nothing fills in`);
    return value;
  });
}

/** Makes the stack's folders and writes the settings that the services read. */
export async function prepareSettings(places: Places, config: StackConfig): Promise<void> {
  const values: Record<string, string> = {
    ZOOKEEPER_DATA: join(places.data, "zookeeper"),
    KAFKA_DATA: join(places.data, "kafka"),
    HADOOP_DATA: join(places.data, "hadoop"),
    SPARK_DATA: join(places.data, "spark"),
    USER: userInfo().username,
  };
  for (const [name, port] of Object.entries(config.ports)) values[name] = String(port);
  for (const folder of [places.logs, places.run]) await makeFolders(folder);
  for (const { data } of Object.values(SERVICES)) {
    await makeFolders(join(places.data, data));
  }
  for (const [component, files] of Object.entries(SETTINGS)) {
    await makeFolders(join(places.settings, component));
    for (const file of files) {
      const source = join(places.root, "setup", component, file);
      const filled = fillIn(await readFile(source, "utf8"), values, source);
      await writeFile(join(places.settings, component, file), filled);
    }
  }
}

/** Whether the NameNode's folder was formatted; a new one is empty. @throws LabError if it was half formatted */
export async function isFormatted(places: Places): Promise<boolean> {
  const folder = join(places.data, "hadoop/name");
  const names = await readdir(folder).catch((): string[] => []);
  if (names.length === 0) return false;
  const current = await readdir(join(folder, "current")).catch((): string[] => []);
  if (current.includes("VERSION") && current.some((name) => name.startsWith("fsimage_")))
    return true;
  throw new LabError(`the NameNode's folder ${folder} is only half formatted; ${RESET_HDFS}`);
}

/** @throws LabError if the set-up has not installed a service */
export async function requireInstalled(places: Places, name: ServiceName): Promise<void> {
  const { installed, component } = SERVICES[name];
  for (const path of [installed, "java/bin/java"]) {
    await access(join(places.installed, path)).catch(() => {
      throw new LabError(`${name} is not installed: bash setup/ubuntu-24.04.sh java ${component}`);
    });
  }
}
