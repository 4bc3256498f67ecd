const MAX_CHARACTERS = 4_000;
/** Control characters (C0, and C1 with U+009B, which also starts escape sequences), line separators, and bidirectional controls. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Makes a text safe to print in one line of a terminal: replaces characters that could move the cursor or change the terminal,
 * and cuts very long text.
 */
export function printable(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}… (cut)` : text;
  return cut.replace(UNPRINTABLE, "\uFFFD");
}

/** Does the same for a text of several lines. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n");
