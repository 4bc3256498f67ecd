import { MAX_ASSET_LENGTH, MAX_MESSAGE_LENGTH, type Message } from "../event.js";

/**
 * The maximum number of characters of a message, key and value together. In UTF-8 that is at most 900 kB, which fits into a
 * Kafka record (`max.message.bytes`, 1 MiB by default). The file log has the same limit.
 */
export const MAX_RECORD_LENGTH = 300_000;

/** Replaces a text that is too long. The result is still too long for an event, so it is rejected, and `rejected/` shows why. */
export function cutText(text: string, length: number): string {
  const begin = text.slice(0, MAX_MESSAGE_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
  return `cut, since it has ${length} characters and at most ${MAX_RECORD_LENGTH} are allowed: ${begin}`;
}

/** A message that both logs accept: the message itself or, if it is too long, its replacement. */
export function withinLimit(message: Message): Message {
  const { key, value, timestampMs } = message;
  if (key.length + value.length <= MAX_RECORD_LENGTH) return message;
  return {
    key: key.length > MAX_ASSET_LENGTH ? "" : key,
    value: cutText(value, value.length),
    timestampMs,
  };
}
