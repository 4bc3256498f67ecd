import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { AlertRow } from "../../labs/store/products.js";

/** How a receiver of alerts answers. */
type Answer = (response: ServerResponse) => void;

export const accept: Answer = (response) => response.writeHead(204).end();
export const fail =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status).end();
/** Never answers. */
export const hang: Answer = () => {};

/** A local receiver of alerts. `answer` may be changed at any time. */
export async function receiver(answer: Answer = accept) {
  const received: { alert: AlertRow; key: string | undefined; accepted: boolean }[] = [];
  const state = { answer, received, url: "", accepted: () => taken().map(({ alert }) => alert) };
  const taken = () => received.filter(({ accepted }) => accepted);
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => (body += text));
    request.on("end", () => {
      const key = request.headers["idempotency-key"] as string | undefined;
      const alert = JSON.parse(body) as AlertRow;
      received.push({ alert, key, accepted: state.answer === accept });
      state.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return state;
}
