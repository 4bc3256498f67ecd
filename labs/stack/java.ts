import { join } from "node:path";
import type { Places } from "./places.js";

// How the services are started: arguments of `java`.

/** A path that is not ASCII, such as /home/jürgen, is read right by Java in a UTF-8 locale only, and LANG=C is none. */
export const JAVA_ENVIRONMENT = { LC_ALL: "C.UTF-8" };

export const classpath = (...entries: string[]) => ["-cp", entries.join(":")];
const SMALL_JVM = [
  "-XX:+UseSerialGC",
  "-Djava.net.preferIPv4Stack=true",
  "-XX:TieredStopAtLevel=1",
];

/** Of ZooKeeper and Kafka: a main class and its file of settings. */
export function kafkaJava(
  { settings, installed }: Places,
  heap: string,
  main: string,
  file: string,
) {
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

/** Of HDFS. @param args the main class and its arguments */
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
