import { join } from "node:path";
import type { Places } from "./places.js";

// The arguments of `java` that start the services.

/** Java reads a non-ASCII path, such as /home/jürgen, correctly only in a UTF-8 locale; LANG=C is not one. */
export const JAVA_ENVIRONMENT = { LC_ALL: "C.UTF-8" };

export const classpath = (...entries: string[]) => ["-cp", entries.join(":")];
const SMALL_JVM = [
  "-XX:+UseSerialGC",
  "-Djava.net.preferIPv4Stack=true",
  "-XX:TieredStopAtLevel=1",
];

/** Starts ZooKeeper or Kafka. @param file the settings file of the main class */
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

/** Starts a program of HDFS. @param args the main class and its arguments */
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
