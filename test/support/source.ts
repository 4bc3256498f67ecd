import type { Message } from "../../labs/event.js";
import type { Source } from "../../labs/source/source.js";

/** A source that gives these messages, one at a time. */
export const sourceOf = (messages: Iterable<Message>, finite = true): Source => ({
  name: "test",
  finite,
  counts: {},
  fractionRead: () => undefined,
  async *messages() {
    for (const message of messages) yield [message];
  },
});

/** Everything is in the log already. */
export const nothing = sourceOf([]);
