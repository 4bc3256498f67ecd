import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sleep } from "../../../labs/shared/wait.js";

// Stands between an answer and HDFS, counts the requests, and disturbs one of them.

/** Cuts the connection at a request and all later ones. To HDFS this looks the same as a process that is killed there. */
export interface Cut {
  /** The number of the request, from 1. */
  at: number;
  /** How much still reaches HDFS: nothing, half of the data that the request sends, or all but the response. */
  reaches: "nothing" | "half" | "all";
}

/** Answers one request with a failure, and does not forward it. */
export interface Failure {
  at: number;
  /** Status 500 with a RemoteException, or status 200 with `{"boolean":false}`. */
  answers: "500" | "false";
}

/** A request to HDFS or to a DataNode. */
export interface Seen {
  /** The operation, such as `LISTSTATUS`. */
  operation: string;
  hasData: boolean;
}

const FAILURES = {
  "500": [500, { RemoteException: { exception: "IOException", message: "the disk failed" } }],
  false: [200, { boolean: false }],
} as const;

export interface Gateway {
  /** The URL that stands for HDFS, with `/webhdfs/v1`. */
  url: string;
  /** The requests so far, those to DataNodes included. */
  requests: Seen[];
  close(): Promise<void>;
}

const HALF_MS = 200;
/** A request to a DataNode begins with this and the DataNode's host and port. */
const DATANODE = /^\/datanode\/([^/]+)/;

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Opens a gateway on loopback. @param nameNode `host:port` of WebHDFS */
export async function openGateway(nameNode: string, disturbance?: Cut | Failure): Promise<Gateway> {
  const cut = disturbance && "reaches" in disturbance ? disturbance : undefined;
  const failure = disturbance && "answers" in disturbance ? disturbance : undefined;
  const requests: Seen[] = [];
  const server = createServer((incoming, response) => {
    void handle(incoming, response).catch(() => incoming.socket.destroy());
  });

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const [prefix = "", host = nameNode] = DATANODE.exec(incoming.url!) ?? [];
    const url = `http://${host}${incoming.url!.slice(prefix.length)}`;
    const data = await bytesOf(incoming);
    const operation = new URL(url).searchParams.get("op")?.toUpperCase() ?? "none";
    requests.push({ operation, hasData: data.length > 0 });
    if (requests.length === failure?.at) {
      const [status, body] = FAILURES[failure.answers];
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      return;
    }
    const reaches = cut === undefined || requests.length < cut.at ? "all" : cut.reaches;
    if (cut !== undefined && (requests.length > cut.at || reaches === "nothing")) {
      throw new Error("cut");
    }
    const { method, headers } = incoming;
    const outgoing = request(url, { method, headers: { ...headers, host } });
    if (reaches === "half") {
      await new Promise((resolve) => outgoing.write(data.subarray(0, data.length / 2), resolve));
      await sleep(HALF_MS); // long enough for the DataNode to create the file
      outgoing.on("error", () => {}).destroy();
      throw new Error("cut");
    }
    outgoing.end(data);
    const [found] = (await once(outgoing, "response")) as [IncomingMessage];
    const answer = await bytesOf(found);
    if (requests.length === cut?.at) throw new Error("cut");
    const { location } = found.headers;
    if (location !== undefined) {
      const { host: dataNode, pathname, search } = new URL(location);
      found.headers.location = `${own()}/datanode/${dataNode}${pathname}${search}`;
    }
    response.writeHead(found.statusCode!, found.headers).end(answer);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${own()}/webhdfs/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
