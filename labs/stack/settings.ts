import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { hostOf, type StackConfig } from "../shared/config.js";
import { LabError } from "../shared/errors.js";
import { makeFolders } from "../shared/files.js";
import { escapeHtml } from "../shared/html.js";
import { asProperties } from "./java.js";
import type { Places } from "./places.js";
import { SERVICES, SERVICE_NAMES } from "./service.js";

/** The settings files of each component in `setup/COMPONENT/`. */
const SETTINGS = {
  kafka: ["zoo.cfg", "server.properties", "log4j.properties", "log4j-tools.properties"],
  hadoop: ["core-site.xml", "hdfs-site.xml", "log4j.properties"],
  spark: ["spark-defaults.conf", "log4j2.properties"],
};

/** Java's properties files. Spark's are read by the lab's own ConnectServer, as UTF-8. */
const PROPERTIES = /\.properties$|\.cfg$/;

/** Reads a template and replaces each `${NAME}` in it. @throws LabError if a name has no value */
async function fillIn(file: string, values: Record<string, string>): Promise<string> {
  const template = await readFile(file, "utf8");
  const filled = template.replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new LabError(`${file}: the placeholder \${${name}} has no value; check its spelling`);
    return file.endsWith(".xml") ? escapeHtml(value) : value;
  });
  return PROPERTIES.test(file) ? asProperties(filled) : filled;
}

/** Writes a file that only this user may read, even if others could read an older one: some settings contain passwords. */
async function writeNew(path: string, content: string): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, content, { mode: 0o600 });
}

/** Creates the stack's folders and writes the settings that the services read. */
export async function prepareSettings(places: Places, config: StackConfig): Promise<void> {
  const values: Record<string, string> = {
    ZOOKEEPER_DATA: join(places.data, "zookeeper"),
    KAFKA_DATA: join(places.data, "kafka"),
    HADOOP_DATA: join(places.data, "hadoop"),
    SPARK_DATA: join(places.data, "spark"),
    USER: userInfo().username,
    DATANODE_NAME: config.network === "containers" ? "datanode" : "localhost",
  };
  for (const [name, port] of Object.entries(config.ports)) values[name] = String(port);
  for (const name of SERVICE_NAMES) values[`${name.toUpperCase()}_HOST`] = hostOf(config, name);
  if (config.isSecure) {
    const { prepareSecurity } = await import("./secure.js");
    Object.assign(values, await prepareSecurity(places, config));
  }
  for (const folder of [places.logs, places.run]) await makeFolders(folder);
  for (const { data } of Object.values(SERVICES)) {
    await makeFolders(join(places.data, data));
  }
  for (const [component, files] of Object.entries(SETTINGS)) {
    await makeFolders(join(places.settings, component));
    for (const file of files) {
      const source = join(places.root, "setup", component, file);
      const filled = await fillIn(source, values);
      await writeNew(join(places.settings, component, file), filled);
    }
  }
  for (const file of ["secure-site.xml", "ssl-server.xml"]) {
    const path = join(places.settings, "hadoop", file);
    if (config.isSecure) {
      await writeNew(path, await fillIn(join(places.root, "setup/hadoop", file), values));
    } else await rm(path, { force: true });
  }
  const added = [
    ...(config.network === "containers" ? ["containers.properties"] : []),
    ...(config.isSecure ? ["secure.properties"] : []),
  ];
  for (const file of added) {
    const filled = await fillIn(join(places.root, "setup/kafka", file), values);
    await appendFile(join(places.settings, "kafka/server.properties"), filled);
  }
}
