import { expect, test } from "vitest";
import { labelledBars } from "../../../labs/course/figure/bars.js";

test("bars have their values as labels", () => {
  const { data } = labelledBars({ small: 1.25, large: 1234.5 }, { title: "t", x: "bytes" });
  expect(data[0]).toMatchObject({ y: ["small", "large"], x: [1.25, 1234.5] });
  expect((data[1]!["text"] as string[]).map((label) => label.trim())).toEqual(["1.3", "1,235"]);
});
