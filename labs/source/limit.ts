import { MAX_ASSET_LENGTH, MAX_MESSAGE_LENGTH, type Message } from "../event.js";

/**
 * The most characters of a message, key and value together: at most 900 kB in UTF-8, so that it fits into a record of Kafka
 * (`max.message.bytes`, 1 MiB by default), and the file log holds the same.
 */
export const MAX_RECORD_LENGTH = 300_000;

/** What stands in the log for a text that is too long. It is still too long for an event, so it is rejected, and `rejected/` shows why. */
export function cutText(text: string, length: number): string {
  const begin = text.slice(0, MAX_MESSAGE_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
  return `cut, since it has ${length} characters and at most ${MAX_RECORD_LENGTH} are allowed: ${begin}`;
}

/** A message that both logs take: itself, or if it is too long what stands for it. */
export function withinLimit(message: Message): Message {
  const { key, value, timestampMs } = message;
  if (key.length + value.length <= MAX_RECORD_LENGTH) return message;
  return {
    key: key.length > MAX_ASSET_LENGTH ? "" : key,
    value: cutText(value, value.length),
    timestampMs,
  };
}
