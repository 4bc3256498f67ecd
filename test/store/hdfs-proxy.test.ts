import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { hdfsStore } from "../../labs/store/hdfs.js";
import { refusingProxy } from "../support/proxy.js";

/** What WebHDFS answers about a file of two bytes, which this server keeps as a DataNode, too. */
async function webHdfs(): Promise<number> {
  const file = { pathSuffix: "", type: "FILE", length: 2 };
  const server = createServer((request, response) => {
    const url = new URL(request.url!, `http://${request.headers.host}`);
    if (url.pathname === "/datanode") return void response.end("ab");
    const answers: Record<string, object> = {
      LISTSTATUS: { FileStatuses: { FileStatus: [{ ...file, pathSuffix: "file" }] } },
      GETFILESTATUS: { FileStatus: file },
    };
    const location = `${url.origin}/datanode`;
    const op = url.searchParams.get("op")!.toUpperCase();
    if (op === "OPEN" && !url.searchParams.has("noredirect")) {
      return void response.writeHead(307, { location }).end();
    }
    request.resume();
    response.end(JSON.stringify(answers[op] ?? { Location: location, boolean: true }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("HDFS is not asked through the proxy that the environment names", async () => {
  const httpPort = await webHdfs();
  const location = { host: "127.0.0.1", rpcPort: 1, httpPort, path: "/lab" };
  const { requests } = await refusingProxy();
  const store = hdfsStore(location, true, { patienceMs: 500 });
  expect(await store.list("")).toEqual(["file"]);
  expect(String(await store.read("file"))).toBe("ab");
  await store.write("file", "ab");
  await store.remove("file");
  expect(requests).toEqual([]);
});
