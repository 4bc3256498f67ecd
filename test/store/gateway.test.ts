import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { hdfsStore } from "../../labs/store/hdfs.js";

/** An HttpFS from before Hadoop 3.3: it ignores `noredirect` and `renameoptions`. Keeps its files in a map. */
async function oldGateway(files: Map<string, string>): Promise<number> {
  const bodyOf = async (request: IncomingMessage) =>
    Buffer.concat(await request.toArray()).toString();
  const server = createServer((request, response) => {
    const url = new URL(request.url!, `http://${request.headers.host}`);
    const path = decodeURIComponent(url.pathname.replace("/webhdfs/v1", ""));
    const json = (body: object) => void response.end(JSON.stringify(body));
    const operations: Record<string, () => void | Promise<void>> = {
      async CREATE() {
        const content = await bodyOf(request);
        if (!url.searchParams.has("data")) {
          return void response.writeHead(307, { location: `${url.href}&data=true` }).end();
        }
        expect(request.headers["content-type"]).toBe("application/octet-stream");
        files.set(path, content);
        response.writeHead(201).end();
      },
      OPEN() {
        response.setHeader("content-type", "application/octet-stream").end(files.get(path));
      },
      GETFILESTATUS: () => json({ FileStatus: { type: "FILE", length: files.get(path)!.length } }),
      RENAME() {
        const destination = url.searchParams.get("destination")!;
        if (files.has(destination)) return json({ boolean: false });
        files.set(destination, files.get(path)!);
        files.delete(path);
        json({ boolean: true });
      },
      DELETE: () => json({ boolean: files.delete(path) }),
    };
    void operations[url.searchParams.get("op")!.toUpperCase()]!();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("a gateway that redirects to itself, answers with the content, and does not rename over a file is understood", async () => {
  const files = new Map<string, string>();
  const httpPort = await oldGateway(files);
  const location = { host: "127.0.0.1", rpcPort: 1, httpPort, path: "/lab" };
  const store = hdfsStore(location, false, { patienceMs: 0 });
  for (const content of ["first", '{"Location":"second"}', "third"]) {
    await store.write("a file", content);
    expect(String(await store.read("a file"))).toBe(content);
    expect([...files]).toEqual([["/lab/a file", content]]);
  }
});

test("a server that asks for a login is told to be one", async () => {
  const server = createServer((_, response) => {
    response.writeHead(401, { "www-authenticate": "Negotiate" }).end("<html>log in</html>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const location = { host: "127.0.0.1", rpcPort: 1, httpPort: port, path: "/lab" };
  const store = hdfsStore(location, false, { patienceMs: 0 });
  for (const ask of [
    () => store.list(""),
    () => store.read("file"),
    () => store.write("file", "x"),
  ]) {
    await expect(ask()).rejects.toThrow(/HDFS at http:.* asks for a login \(Kerberos, /);
  }
});
