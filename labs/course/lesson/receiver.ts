import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AlertRow } from "../../store/products.js";

export type Answer = (response: ServerResponse) => void;

export const accept: Answer = (response) => response.writeHead(204).end();
export const refuse =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status).end();
/** Never answers. */
export const hang: Answer = () => {};

export interface Received {
  alert: AlertRow;
  /** Its header `Idempotency-Key`: the alert's id. */
  key: string | undefined;
  accepted: boolean;
}

/** A receiver of webhook requests, for experiments. */
export interface Receiver {
  url: string;
  /** How it answers; may be changed at any time. */
  answer: Answer;
  requests: Received[];
  /** The accepted alerts, each id once: a receiver must ignore duplicates. */
  accepted(): AlertRow[];
  close(): void;
}

export async function openReceiver(answer: Answer = accept): Promise<Receiver> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => (body += text));
    request.on("end", () => {
      const key = request.headers["idempotency-key"] as string | undefined;
      const accepted = receiver.answer === accept;
      receiver.requests.push({ alert: JSON.parse(body) as AlertRow, key, accepted });
      receiver.answer(response);
    });
  });
  const receiver: Receiver = {
    url: "",
    answer,
    requests: [],
    accepted() {
      const taken = receiver.requests.filter(({ accepted }) => accepted);
      return [...new Map(taken.map(({ alert }) => [alert.id, alert])).values()];
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`;
  return receiver;
}
