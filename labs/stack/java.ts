import { join } from "node:path";
import { hostOf, type StackConfig } from "../shared/config.js";
import type { Places } from "./places.js";

// The programs in Java that the stack runs.

/** A program in Java: the parts of its command line. */
export interface JavaProgram {
  /** Options of the JVM. */
  options: string[];
  /** The folders whose jars are on the class path. */
  jars: string[];
  /** Other folders on the class path. They follow the jars, because an archive of classes begins with the jars. */
  folders: string[];
  /** The main class and its arguments. */
  main: string[];
  environment?: Record<string, string>;
}

/** Java reads a non-ASCII path, such as /home/jürgen, correctly only in a UTF-8 locale; LANG=C is not one. */
export const JAVA_ENVIRONMENT = { LC_ALL: "C.UTF-8" };

const SMALL_JVM = [
  "-XX:+UseSerialGC",
  "-Djava.net.preferIPv4Stack=true",
  "-XX:TieredStopAtLevel=1",
];

/** ZooKeeper or Kafka. @param file the settings file of the main class */
export function kafkaJava(
  { settings, installed }: Places,
  heap: string,
  main: string,
  file: string,
): JavaProgram {
  return {
    options: [
      heap,
      ...SMALL_JVM,
      `-Dlog4j.configuration=file:${join(settings, "kafka/log4j.properties")}`,
    ],
    jars: [join(installed, "kafka/jars")],
    folders: [],
    main: [main, join(settings, "kafka", file)],
  };
}

/** A program of HDFS. @param main the main class and its arguments */
export function hadoopJava({ settings, installed, logs }: Places, ...main: string[]): JavaProgram {
  return {
    options: [
      "-Xmx256m",
      ...SMALL_JVM,
      `-Dhadoop.home.dir=${join(installed, "hadoop")}`,
      `-Dhadoop.log.dir=${logs}`,
    ],
    jars: [join(installed, "hadoop/jars")],
    folders: [join(settings, "hadoop"), join(installed, "hadoop")],
    main,
  };
}

/**
 * The schema registry, Apicurio. Its schemas are in a file of the database H2.
 */
export function registryJava({ installed, data }: Places, config: StackConfig): JavaProgram {
  const settings = {
    "quarkus.http.host": hostOf(config, "registry"),
    "quarkus.http.port": String(config.ports.REGISTRY_PORT),
    // WRITE_DELAY=0: a schema is on disk when its registration is answered, not half a second later.
    "quarkus.datasource.jdbc.url": `jdbc:h2:file:${join(data, "registry/registry")};WRITE_DELAY=0`,
    // The default of twenty connections is for a server with many clients.
    "quarkus.datasource.jdbc.initial-size": "1",
    "quarkus.datasource.jdbc.min-size": "1",
    // Otherwise its transaction manager opens a port, only to get a number that nobody else has.
    "CoreEnvironmentBean.processImplementationClassName":
      "com.arjuna.ats.internal.arjuna.utils.UuidProcessId",
  };
  return {
    options: [
      "-Xmx256m",
      ...SMALL_JVM,
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
    ],
    jars: [join(installed, "registry/app"), join(installed, "registry/app/lib")],
    folders: [],
    main: ["io.quarkus.runner.GeneratedMain"],
  };
}
