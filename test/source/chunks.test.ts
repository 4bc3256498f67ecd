import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "../../labs/event.js";
import { chunks } from "../../labs/source/chunks.js";

const message = (timestampMs: number): Message => ({ key: "", value: "", timestampMs });

test("chunks hold the messages in order and as many as wanted, however they are cut into pieces", async () => {
  const pieces = fc.array(fc.array(fc.nat(), { maxLength: 7 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 9 }), async (cut, limit) => {
      async function* source() {
        for (const piece of cut) yield await Promise.resolve(piece.map(message));
      }
      const found: number[][] = [];
      for await (const chunk of chunks(source(), () => limit, 60_000)) {
        found.push(chunk.map(({ timestampMs }) => timestampMs));
      }
      expect(found.flat()).toEqual(cut.flat());
      expect(found.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
      expect(found.at(-1)?.length ?? 1).toBeGreaterThan(0);
    }),
  );
});

test("what a source gave before it failed is not lost", async () => {
  async function* source() {
    yield await Promise.resolve([message(1), message(2), message(3)]);
    throw new Error("the feed ended");
  }
  const found: number[][] = [];
  const read = async () => {
    for await (const chunk of chunks(source(), () => 2, 60_000)) {
      found.push(chunk.map(({ timestampMs }) => timestampMs));
    }
  };
  await expect(read()).rejects.toThrow("the feed ended");
  expect(found).toEqual([[1, 2], [3]]);
});

test("a silent source is asked once, and chunks without messages come meanwhile", async () => {
  let handlers = 0;
  let asked = 0;
  const silent: AsyncIterable<Message[]> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        asked++;
        const never = new Promise<IteratorResult<Message[]>>(() => {});
        never.then = () => {
          handlers++;
          return new Promise(() => {});
        };
        return never;
      },
    }),
  };
  let empty = 0;
  for await (const chunk of chunks(silent, () => 10, 1)) {
    expect(chunk).toEqual([]);
    if (++empty === 20) break;
  }
  expect({ asked, handlers }).toEqual({ asked: 1, handlers: 1 });
});
