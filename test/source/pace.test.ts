import { expect, test } from "vitest";
import type { Message } from "../../labs/event.js";
import { pace } from "../../labs/source/pace.js";

const message = (timestampMs: number): Message => ({ key: "", value: "", timestampMs });

async function* source(...pieces: number[][]) {
  for (const piece of pieces) yield await Promise.resolve(piece.map(message));
}

async function played(speed: number, ...pieces: number[][]) {
  const beganMs = performance.now();
  const found: { times: number[]; afterMs: number }[] = [];
  for await (const piece of pace(source(...pieces), speed, new AbortController().signal)) {
    const times = piece.map(({ timestampMs }) => timestampMs);
    found.push({ times, afterMs: performance.now() - beganMs });
  }
  return found;
}

test("messages come as far apart as they were recorded, so many times faster", async () => {
  const found = await played(0.5, [1_000, 1_000, 1_050], [1_060]);
  expect(found.map(({ times }) => times)).toEqual([[1_000, 1_000], [1_050], [1_060]]);
  expect(found[1]!.afterMs).toBeGreaterThanOrEqual(99);
  expect(found[2]!.afterMs).toBeGreaterThanOrEqual(119);
});

test("messages that were recorded at one time, or out of order, do not wait", async () => {
  const found = await played(1e-9, [5, 5, 3], [4, 5]);
  expect(found.map(({ times }) => times)).toEqual([
    [5, 5, 3],
    [4, 5],
  ]);
});
