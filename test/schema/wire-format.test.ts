import fc from "fast-check";
import { expect, test } from "vitest";
import { addHeader, takeHeader } from "../../labs/schema/wire-format.js";

test("the header is a byte 0 and the id in four bytes, the most significant first", () => {
  expect([...addHeader(0x01020304, Buffer.from([9]))]).toEqual([0, 1, 2, 3, 4, 9]);
});

test("what was put in front is taken off again, for every id and value", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 32 - 1 }), fc.uint8Array(), (schemaId, bytes) => {
      const value = Buffer.from(bytes);
      expect(takeHeader(addHeader(schemaId, value))).toEqual({ schemaId, value });
    }),
  );
});

test("neither JSON nor bytes that are too short have a header", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(takeHeader(Buffer.from(text))).toBeUndefined();
    }),
  );
  for (const length of [0, 1, 4]) expect(takeHeader(Buffer.alloc(length))).toBeUndefined();
});
