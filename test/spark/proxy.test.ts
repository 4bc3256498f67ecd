import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connectSpark } from "../../labs/spark/client.js";
import { refusingProxy } from "../support/proxy.js";

test("Spark is not asked through the proxy that the environment names", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy(); // it is no Spark
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { requests } = await refusingProxy();
  const session = connectSpark(`sc://127.0.0.1:${port}`, undefined, 500);
  onTestFinished(() => session.close());
  await expect(session.sql("SELECT 1")).rejects.toThrow(/Spark is not running/);
  expect(requests).toEqual([]);
  expect(connections).toBeGreaterThan(0);
});
