import type { Source } from "../../labs/source/source.js";
import type { Message } from "../../labs/event.js";

/** The first messages of a source, which is then stopped as the pipeline stops it: by its signal. */
export async function take(source: Source, count: number): Promise<Message[]> {
  const stop = new AbortController();
  const messages: Message[] = [];
  for await (const message of source.messages(stop.signal)) {
    messages.push(message);
    if (messages.length === count) stop.abort();
    if (stop.signal.aborted) break;
  }
  return messages;
}
