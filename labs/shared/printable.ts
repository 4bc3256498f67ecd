const MAX_CHARACTERS = 4_000;
/** Control characters (C0, C1 with U+009B, which begins a sequence too), line separators, and what reverses a line's direction. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * A text as a terminal may show it, in one line: characters that could move the cursor, or worse, are replaced, and what is
 * very long is cut.
 */
export function printable(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}… (cut)` : text;
  return cut.replace(UNPRINTABLE, "\uFFFD");
}

/** The same for a text of several lines. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n");
