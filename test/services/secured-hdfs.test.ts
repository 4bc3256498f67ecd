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
  const lines = [...text.matchAll(/^export (\w+)='?(.*?)'?$/gm)];
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
    if (gateway.kill("SIGKILL")) await once(gateway, "exit");
  });
  for (;;) {
    expect(gateway.exitCode, words).toBeNull();
    if (
      await isOpen("127.0.0.1", port).then(
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

test("whatever is wrong with the certificate, the port or a right is one line that says what to do, and exit code 1", async () => {
  const known = await variables();
  const authority = await makeAuthority();
  const behind = async (options?: { host?: string; isExpired?: boolean }) => ({
    WEBHDFS_URL: `https://127.0.0.1:${await tlsProxy(await authority.sign(options), ports.NAMENODE_HTTP_PORT)}`,
    NODE_EXTRA_CA_CERTS: authority.caFile,
  });
  const cases: [Record<string, string>, RegExp][] = [
    [{ NODE_EXTRA_CA_CERTS: "" }, /certificate is not accepted .*set NODE_EXTRA_CA_CERTS/],
    [await behind({ isExpired: true }), /its certificate has expired: renew it/],
    [
      await behind({ host: "dns:elsewhere.example" }),
      /its certificate is for another name .*check the host in WEBHDFS_URL/,
    ],
    [
      { WEBHDFS_URL: HTTP.replace("http:", "https:") },
      /does not speak TLS at this port: .*http:\/\/ in WEBHDFS_URL/,
    ],
    [
      { WEBHDFS_URL: HTTPS.replace("https:", "http:") },
      /does not speak HTTP at this port: .*https:\/\/ in WEBHDFS_URL/,
    ],
    [
      { HADOOP_USER_NAME: "stranger" },
      /cannot write .*: the user stranger has no WRITE permission for \/ \(.*\): .*HADOOP_USER_NAME/,
    ],
  ];
  await Promise.all(
    cases.map(async ([changed, message]) => {
      const args = [...EVENTS, "--out", `hdfs:///${uniqueName("wrong")}`];
      const { code, stderr } = await runPipelineCommand(args, { ...known, ...changed });
      expect(stderr.trimEnd().split("\n"), stderr).toHaveLength(1);
      expect(stderr).toMatch(message);
      expect(code).toBe(1);
    }),
  );
});

test("files belong to the user of HADOOP_USER_NAME, and a run that lacked a right continues when it is given", async () => {
  const known = await variables();
  const [undisturbed, path] = [`/${uniqueName("rights")}`, `/${uniqueName("rights")}`];
  const me = userInfo().username;
  const ask = async (method: string, place: string, query: string) => {
    const url = `${HTTP}/webhdfs/v1${place}?user.name=${me}&${query}`;
    const response = await fetch(url, { method });
    expect(response.status).toBe(200);
    return response.text();
  };
  await ask("PUT", `${path}/prices`, "op=MKDIRS");
  await ask("PUT", path, "op=SETOWNER&owner=analyst"); // but not the folder prices
  const analyst = { ...known, HADOOP_USER_NAME: "analyst" };
  const args = [...EVENTS, "--out", `hdfs://${path}`];
  const { code, stderr } = await runPipelineCommand(args, analyst);
  expect(stderr).toMatch(/the user analyst has no WRITE permission for \/.*prices /);
  expect(code).toBe(1);
  await ask("PUT", `${path}/prices`, "op=SETOWNER&owner=analyst");
  expect(await productsOf(path, analyst)).toEqual(await productsOf(undisturbed, known));
  expect(await ask("GET", `${path}/windows`, "op=LISTSTATUS")).toContain('"owner":"analyst"');
});
