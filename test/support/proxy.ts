import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";

/** A proxy for HTTP that the environment names until the test ends. It refuses every request, and notes what was asked for. */
export async function refusingProxy(): Promise<{ requests: string[] }> {
  const requests: string[] = [];
  const server = createServer(({ url }, response) => {
    requests.push(String(url));
    response.writeHead(403).end();
  });
  server.on("connect", ({ url }, socket) => {
    requests.push(String(url));
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"]) {
    vi.stubEnv(name, address);
  }
  for (const name of ["NO_PROXY", "no_proxy"]) vi.stubEnv(name, "");
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.close();
  });
  return { requests };
}
