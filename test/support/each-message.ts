import type { Message } from "../../labs/event.js";
import type { Source } from "../../labs/source/source.js";

/** The messages of a source, one by one. */
export async function* eachMessage(
  source: Source,
  signal = new AbortController().signal,
): AsyncGenerator<Message> {
  for await (const piece of source.messages(signal)) yield* piece;
}
