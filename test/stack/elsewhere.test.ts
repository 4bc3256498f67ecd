import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { findBrowser } from "../../labs/course/chapters/browser.js";
import { readConfig } from "../../labs/shared/config.js";
import { SERVICES } from "../../labs/stack/service.js";
import { openStack } from "../../labs/stack/stack.js";
import { temporaryFolder } from "../support/folder.js";

// Paths of the project begin at its root, wherever a command is run.

const root = process.cwd();
let elsewhere: string;
beforeEach(async () => process.chdir((elsewhere = await temporaryFolder())));
afterEach(() => process.chdir(root));

test("the stack's folder is in the project, and one that the user names is in the current folder", () => {
  const dataIn = (environment: Record<string, string>) =>
    openStack(root, readConfig(environment).stack).places.data;
  expect(dataIn({})).toBe(join(root, ".lab/stack/data"));
  expect(dataIn({ LAB_STACK_DIR: "mine" })).toBe(join(elsewhere, "mine/data"));
  expect(dataIn({ LAB_STACK_DIR: "/mine" })).toBe("/mine/data");
});

test("the browser that the set-up has linked is found", async () => {
  const chromium = join(elsewhere, ".lab/browser/chromium");
  await mkdir(join(elsewhere, ".lab/browser"), { recursive: true });
  await writeFile(chromium, "", { mode: 0o755 });
  process.chdir(root);
  expect(await findBrowser(elsewhere)).toBe(chromium);
});

test("whether Spark answers is asked with the description of its protocol in the project", async () => {
  const server = createServer((socket) => void socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { stack: config } = readConfig({ LAB_SPARK_PORT: String(port) });
  const { places } = openStack(join(elsewhere, "project"), config);
  await expect(SERVICES.spark.answers(places, config)).rejects.toMatchObject({
    code: "ENOENT",
    path: join(elsewhere, "project/labs/spark/connect.proto"),
  });
});
