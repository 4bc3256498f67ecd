import { parseEvent, type Message, type ObservedEvent } from "../../event.js";
import type { Source } from "../../source/source.js";

/** The first messages of a source, which is then stopped by its signal, as the pipeline does. */
export async function take(source: Source, count: number): Promise<Message[]> {
  const stop = new AbortController();
  const messages: Message[] = [];
  for await (const piece of source.messages(stop.signal)) {
    messages.push(...piece);
    if (messages.length >= count) stop.abort();
    if (stop.signal.aborted) break;
  }
  return messages.slice(0, count);
}

/** All valid events of a finite source, in order of arrival. */
export async function observedEvents(source: Source): Promise<ObservedEvent[]> {
  const events: ObservedEvent[] = [];
  for await (const piece of source.messages(new AbortController().signal)) {
    for (const { value, timestampMs } of piece) {
      const event = parseEvent(value, timestampMs);
      if (typeof event !== "string") events.push({ ...event, arrivalTimeMs: timestampMs });
    }
  }
  return events;
}
