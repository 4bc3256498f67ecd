import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { variablesFile } from "../../labs/stack/secure.js";
import { javaArguments } from "../../labs/stack/archive.js";
import { hadoopJava } from "../../labs/stack/java.js";
import { isOpen } from "../../labs/stack/probe.js";
import { sleep } from "../../labs/shared/wait.js";
import { hdfsStore, type HdfsOptions } from "../../labs/store/hdfs.js";
import { makeAuthority, tlsProxy } from "../support/certificates.js";
import { runPipelineCommand } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { productsIn } from "../support/products.js";
import { uniqueName } from "./environment.js";
import { startSecured } from "./secured-stack.js";

const secured = startSecured(["hdfs"]);
const { ports } = secured.config;
const { hdfs } = secured.addresses;
const HTTP = `http://127.0.0.1:${ports.NAMENODE_HTTP_PORT}`;
const HTTPS = `https://127.0.0.1:${ports.NAMENODE_HTTPS_PORT}`;

/** The variables of the file that `up --secure` writes. */
async function variables(): Promise<Record<string, string>> {
  const text = await readFile(variablesFile(secured.places, "hdfs"), "utf8");
  const lines = [...text.matchAll(/^export (\w+)='(.*)'$/gm)];
  return Object.fromEntries(lines.map(([, name, value]) => [name, value]));
}

const storeAt = (path: string, options?: HdfsOptions) =>
  hdfsStore({ ...hdfs, path }, true, options);

const EVENTS = ["--source", "market", "--events", "2000"];

/** Runs the pipeline, and reads its products by plain HTTP. */
async function productsOf(path: string, environment: Record<string, string>) {
  const args = [...EVENTS, "--out", `hdfs://${path}`];
  const { code, stderr } = await runPipelineCommand(args, environment);
  expect(code, stderr).toBe(0);
  return productsIn(storeAt(path));
}

/** Starts the real HttpFS, behind TLS with the stack's certificate. @returns its port */
async function startGateway(): Promise<number> {
  const port = ports.REGISTRY_PORT; // this stack has no registry
  const folder = await temporaryFolder();
  const settings = {
    "httpfs.http.hostname": "127.0.0.1",
    "httpfs.http.port": String(port),
    "httpfs.ssl.enabled": "true",
    "httpfs.hadoop.config.dir": join(secured.places.settings, "hadoop"),
  };
  const properties = Object.entries(settings).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`,
  );
  await writeFile(
    join(folder, "httpfs-site.xml"),
    `<configuration>${properties.join("")}</configuration>`,
  );
  await writeFile(join(folder, "httpfs-signature.secret"), "a secret of this test");
  for (const name of ["ssl-server.xml", "log4j.properties"]) {
    await copyFile(join(secured.places.settings, "hadoop", name), join(folder, name));
  }
  await mkdir(join(folder, "temp"));
  const program = hadoopJava(
    secured.places,
    "org.apache.hadoop.fs.http.server.HttpFSServerWebServer",
  );
  const places = { home: folder, config: folder, log: folder, temp: join(folder, "temp") };
  const options = Object.entries(places).map(([name, path]) => `-Dhttpfs.${name}.dir=${path}`);
  const service = {
    name: "namenode" as const,
    component: "hadoop" as const,
    java: join(secured.places.installed, "java/bin/java"),
    program: {
      ...program,
      options: [...program.options, ...options],
      folders: [folder, ...program.folders],
    },
  };
  const args = await javaArguments(secured.places, service, false);
  const gateway = spawn(service.java, args, { stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  gateway.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
  onTestFinished(async () => {
    gateway.kill("SIGKILL");
    await once(gateway, "exit");
  });
  for (;;) {
    expect(gateway.exitCode, words).toBeNull();
    if (
      await isOpen(port).then(
        () => true,
        () => false,
      )
    )
      return port;
    await sleep(100);
  }
}

test("over HTTPS, and through a gateway, the products on HDFS are those over HTTP", async () => {
  const https = await variables();
  expect(https["WEBHDFS_URL"]).toBe(HTTPS.replace("127.0.0.1", "localhost"));
  const gateway = `https://localhost:${await startGateway()}`;
  const [http, ...others] = await Promise.all(
    [HTTP, HTTPS, gateway].map((WEBHDFS_URL) =>
      productsOf(`/${uniqueName("secured")}`, { ...https, WEBHDFS_URL }),
    ),
  );
  expect(http!["windows"]!.length).toBeGreaterThan(20);
  expect(http!["prices"]!.length).toBeGreaterThan(1_000);
  for (const other of others) expect(other).toEqual(http);
});
