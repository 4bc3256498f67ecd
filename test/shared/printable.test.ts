/* eslint-disable no-control-regex -- control characters are what is looked for */
import fc from "fast-check";
import { expect, test } from "vitest";
import { printable, printableLines } from "../../labs/shared/printable.js";

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\u001b[2J", "\u009b31m", "\r", "\n", "\b", "\u202e", "\u2066", "\u2028", "\0"),
    fc.string({ unit: "grapheme", maxLength: 3 }),
  ),
});

test("nothing that moves a cursor or turns a line around is left of any text", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const pattern =
        /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
      expect(printable(text)).not.toMatch(pattern);
      expect(printableLines(text).replaceAll("\n", "")).not.toMatch(pattern);
    }),
  );
});

test("other texts stay as they are, and a very long one is cut", () => {
  expect(printable("bitcoin é 🎈 日本 — 1 % · …")).toBe("bitcoin é 🎈 日本 — 1 % · …");
  expect(printableLines("one\ntwo")).toBe("one\ntwo");
  expect(printable("x".repeat(1e6)).length).toBeLessThan(5_000);
});
