import { pathToFileURL } from "node:url";
import { errorMessage } from "../../labs/shared/errors.js";
import { CALLBACK, type Message } from "./process.js";

// The process that process.ts starts: calls one function of an answer, and reports what it returns or throws.

const send = (message: Message) => void process.send!(message);
const waiting = new Map<number, () => void>();
let callbacks = 0;

/** Calls back to the checking process, and waits until that has returned. */
function callBack(...args: unknown[]): Promise<void> {
  const id = callbacks++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    send({ type: "callback", id, args });
  });
}

async function call({ path, name, args }: Message & { type: "call" }): Promise<void> {
  const answer = (await import(pathToFileURL(path).href)) as Record<
    string,
    (...all: unknown[]) => unknown
  >;
  const value = await answer[name]!(...args.map((each) => (each === CALLBACK ? callBack : each)));
  send({ type: "result", value });
}

process.on("message", (message: Message) => {
  if (message.type === "returned") waiting.get(message.id)?.();
  if (message.type !== "call") return;
  call(message).catch((error: unknown) =>
    send({
      type: "error",
      name: error instanceof Error ? error.name : "Error",
      message: errorMessage(error),
    }),
  );
});
