import { expect, test } from "vitest";
import { bytesFigure } from "../../../labs/course/figure/bytes.js";
import { upgradeFigure, type UpgradedRecord } from "../../../labs/course/figure/upgrade.js";
import { verdictsFigure } from "../../../labs/course/figure/verdicts.js";

test("every byte of a record has a box, in rows, with the colour of its part", () => {
  const parts = [
    { name: "header", bytes: Uint8Array.of(0, 1) },
    { name: "value", bytes: Uint8Array.from({ length: 14 }, (_, index) => index + 240) },
  ];
  const [header, value] = bytesFigure(parts, "t").data;
  expect(header).toMatchObject({ x: [0, 1], y: [0, 0], text: ["00", "01"] });
  const at = (value!["x"] as number[]).map((x, index) => [x, (value!["y"] as number[])[index]]);
  expect(at.slice(-3)).toEqual([
    [13, 0],
    [0, 1],
    [1, 1],
  ]);
  expect((value!["text"] as string[]).at(-1)).toBe("fd");
});

test("answers are shown in words, in three colours", () => {
  const { data } = verdictsFigure(
    { "a row": { one: true, other: "no, never" }, another: { one: "not asked", other: false } },
    "t",
  );
  expect(data[0]).toMatchObject({
    x: ["one", "other"],
    y: ["a row", "another"],
    text: [
      ["yes", "no, never"],
      ["not asked", "no"],
    ],
    z: [
      [2, 0],
      [1, 0],
    ],
  });
});

test("each record of an upgrade is in one series, and a side is labelled where it becomes new", () => {
  const record = (offset: number, reader: "old" | "new", isRead: boolean): UpgradedRecord => {
    return { offset, writer: "old", reader, isRead };
  };
  const lane = [record(0, "old", true), record(1, "old", true), record(2, "new", false)];
  const { data, layout } = upgradeFigure({ lane }, "t");
  expect(data.map(({ x }) => x)).toEqual([[0, 1], [], [2], []]);
  expect(layout["annotations"]).toMatchObject([{ x: 1.5, y: "lane", text: "new consumer" }]);
});
