import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers as CoinGecko's `/simple/price` does: by coin id, price and Unix seconds. */
export const prices =
  (coins: Record<string, { usd?: number | null; last_updated_at?: number }>): Answer =>
  (_, response) => {
    response.setHeader("content-type", "application/json; charset=utf-8");
    response.end(JSON.stringify(coins));
  };

/** Answers with an error in CoinGecko's format. */
export const failure =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(
      JSON.stringify({ status: { error_code: status, error_message: "refused for the test" } }),
    );
  };

/** Cuts the connection in the middle of an answer. */
export const cut: Answer = (_, response) => {
  response.writeHead(200, { "content-length": "100" });
  response.write('{"bitc', () => response.destroy());
};

/** Never answers. */
export const silence: Answer = () => {};

/** A local server that gives the answers in order and repeats the last one. */
export async function coingeckoServer(...answers: [Answer, ...Answer[]]) {
  const requests: { path: string; headers: IncomingMessage["headers"]; timeMs: number }[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)]!;
    requests.push({ path: request.url!, headers: request.headers, timeMs: performance.now() });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
