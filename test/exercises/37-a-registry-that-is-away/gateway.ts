import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

// Stands between an answer and the registry, counts the requests, and can be out of order.

/** What becomes of a request: it reaches the registry, is answered with a status, or is never answered. */
type Treatment = "forwarded" | "503" | "422" | "unanswered";

/** What a gateway answers by itself: the page of a proxy, and what a registry says about a schema that is not valid. */
const ANSWERS = {
  "503": [503, "text/html", "<h1>Service Unavailable</h1>"],
  "422": [422, "application/json", '{"error_code":42201,"message":"Invalid schema: a default"}'],
} as const;

export interface Gateway {
  /** The URL that stands for the registry's. */
  url: string;
  /** How it treats a request. @param registration which of those that register a schema it is, from 1; 0 for all other requests */
  treat(registration: number): Treatment;
  /** How the requests so far were treated. */
  requests: { treatment: Treatment; isRegistration: boolean }[];
  close(): Promise<void>;
}

/** Opens a gateway on loopback. @param registry the URL of the registry */
export async function openGateway(registry: string): Promise<Gateway> {
  const { origin, pathname } = new URL(registry);
  const server = createServer((incoming, response) => {
    void handle(incoming, response).catch(() => incoming.socket.destroy());
  });

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "" } = incoming;
    const isRegistration = method === "POST" && url.endsWith("/versions");
    const before = gateway.requests.filter((each) => each.isRegistration).length;
    const treatment = gateway.treat(isRegistration ? before + 1 : 0);
    gateway.requests.push({ treatment, isRegistration });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    if (treatment === "unanswered") return;
    if (treatment !== "forwarded") {
      const [status, type, text] = ANSWERS[treatment];
      response.writeHead(status, { "Content-Type": type }).end(text);
      return;
    }
    const found = await fetch(`${origin}${url}`, {
      method,
      headers: { "Content-Type": incoming.headers["content-type"] ?? "" },
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const type = found.headers.get("content-type") ?? "application/json";
    response.writeHead(found.status, { "Content-Type": type }).end(await found.text());
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const gateway: Gateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    treat: () => "forwarded",
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gateway;
}
