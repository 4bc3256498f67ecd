import { expect, test } from "vitest";
import { labelledBars, timingChart } from "../../../labs/course/figure/bars.js";

test("bars have their values as labels", () => {
  const { data } = labelledBars({ small: 1.25, large: 1234.5 }, { title: "t", x: "bytes" });
  expect(data[0]).toMatchObject({ y: ["small", "large"], x: [1.25, 1234.5] });
  expect((data[1]!["text"] as string[]).map((label) => label.trim())).toEqual(["1.3", "1,235"]);
});

test("durations are drawn as their median, with the range as a line", () => {
  const { data } = timingChart({ read: [9, 2, 4] }, "reading");
  expect(data[0]).toMatchObject({ x: [4], error_x: { array: [5], arrayminus: [2] } });
  expect(data[1]).toMatchObject({ x: [9], text: [" 4 ms"] });
});
