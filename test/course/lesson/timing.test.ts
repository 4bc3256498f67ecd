import { expect, test } from "vitest";
import { timed } from "../../../labs/course/lesson/timing.js";

test("actions run in turn, and the first run of each is not counted", async () => {
  const calls: string[] = [];
  const action = (name: string) => () => void calls.push(name);
  const durations = await timed({ a: action("a"), b: action("b") }, 2);
  expect(calls).toEqual(["a", "b", "a", "b", "a", "b"]);
  expect([durations.a.length, durations.b.length]).toEqual([2, 2]);
});
