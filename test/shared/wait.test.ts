import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { settled, sleep, startTimer, withTimeout } from "../../labs/shared/wait.js";

const DAY_MS = 86_400_000;
/** Around the 31 bits of Node's timers, and around them twice. */
const duration = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.integer({ min: 2 ** 31 - 3, max: 2 ** 31 + 3 }),
  fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 }),
  fc.integer({ min: 1, max: 36_500 }).map((days) => days * DAY_MS),
);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a wait of any length ends when it is over, not before", async () => {
  await fc.assert(
    fc.asyncProperty(duration, async (durationMs) => {
      let result: boolean | undefined;
      void sleep(durationMs).then((isOver) => (result = isOver));
      await vi.advanceTimersByTimeAsync(durationMs - 1);
      expect(result).toBeUndefined();
      await vi.advanceTimersByTimeAsync(2);
      expect(result).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});

test("an abort ends a wait of any length at once, and leaves no timer", async () => {
  await fc.assert(
    fc.asyncProperty(duration, fc.double({ min: 0, max: 0.99, noNaN: true }), async (ms, part) => {
      const stop = new AbortController();
      const waited = sleep(ms, stop.signal);
      await vi.advanceTimersByTimeAsync(Math.floor(part * ms));
      stop.abort();
      expect(await waited).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});

test("a restarted timer counts from the restart, also when it has fired", async () => {
  const fired = vi.fn();
  const timer = startTimer(1_000, fired);
  for (let index = 0; index < 5; index++) {
    await vi.advanceTimersByTimeAsync(900);
    timer.restart();
  }
  expect(fired).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(fired).toHaveBeenCalledTimes(1);
  timer.restart();
  await vi.advanceTimersByTimeAsync(1_001);
  expect(fired).toHaveBeenCalledTimes(2);
  timer.restart();
  timer.cancel();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(fired).toHaveBeenCalledTimes(2);
});

test("Infinity never ends, a negative time is over, NaN is refused", async () => {
  const never = vi.fn();
  const timer = startTimer(Infinity, never);
  await vi.advanceTimersByTimeAsync(200 * DAY_MS);
  expect(never).not.toHaveBeenCalled();
  timer.cancel();
  const past = sleep(-5);
  await vi.advanceTimersByTimeAsync(1);
  expect(await past).toBe(true);
  expect(() => startTimer(NaN, never)).toThrow(RangeError);
});

test("a deadline aborts what it is given to, or the outer signal does", async () => {
  const action = (signal: AbortSignal) =>
    new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("aborted")));
  const late = withTimeout(100 * DAY_MS, action);
  await vi.advanceTimersByTimeAsync(99 * DAY_MS);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(DAY_MS + 1);
  expect(await late).toBe("aborted");
  const outer = new AbortController();
  const stopped = withTimeout(Infinity, action, outer.signal);
  outer.abort();
  expect(await stopped).toBe("aborted");
  expect(vi.getTimerCount()).toBe(0);
});

test("what settles in time is waited for, however it ends, and what does not is left alone", async () => {
  let isOver = false;
  const wait = (...promises: Promise<unknown>[]) =>
    void settled(promises, 1_000).then(() => (isOver = true));
  wait(sleep(20), Promise.reject(new Error("no")));
  await vi.advanceTimersByTimeAsync(19);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  isOver = false;
  wait(new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(1_001);
  expect(isOver).toBe(true);
});
