import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LabError } from "../../../labs/shared/errors.js";
import {
  chapterNames,
  chapterPath,
  codeCells,
  readNotebook,
  writeNotebook,
  type Notebook,
  type Output,
} from "../../../labs/course/chapters/chapter.js";
import { differences, troubleOf } from "../../../labs/course/chapters/difference.js";
import { unfoundedNumbers } from "../../support/prose.js";
import { temporaryFolder } from "../../support/folder.js";

const CHAPTER = chapterPath(".", (await chapterNames("."))[0]!);

/** A notebook of one cell with these outputs, under some prose. */
const notebook = (outputs: Output[], prose = "words"): Notebook => ({
  cells: [
    { cell_type: "markdown", id: "a", source: prose },
    { cell_type: "code", id: "b", source: "table(rows);", outputs },
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
});
const stream = (text: string, name = "stdout"): Output => ({ output_type: "stream", name, text });
const display = (data: Record<string, unknown>): Output => ({ output_type: "display_data", data });

test("a line that says something else is found, with its cell and both lines", () => {
  const then = notebook([stream("same\n9,999 trades\n")]);
  const now = notebook([stream("same\n9,998 trades\n")]);
  expect(differences(then, now)).toEqual([
    { cell: "table(rows);", expected: "9,999 trades", found: "9,998 trades" },
  ]);
  expect(differences(then, then)).toEqual([]);
});

test("a table with another cell, a missing output and one too many are found", () => {
  const row = (price: number) => display({ "text/html": `<td>${price}</td>`, "text/plain": "" });
  expect(differences(notebook([row(1)]), notebook([row(2)]))).toHaveLength(1);
  expect(differences(notebook([row(1)]), notebook([]))).toHaveLength(1);
  expect(differences(notebook([row(1)]), notebook([row(1), row(1)]))).toHaveLength(1);
});

test("a stream is the same in one piece or in several, and plots may differ", () => {
  const plot = (y: number[]) =>
    display({
      "application/vnd.plotly.v1+json": { data: [{ y }], layout: {} },
      "text/plain": "[plot: speed]",
    });
  expect(
    differences(
      notebook([stream("a\nb\n"), plot([1])]),
      notebook([stream("a\n"), stream("b\n"), plot([2])]),
    ),
  ).toEqual([]);
});

test("what a cell writes to stderr is trouble, and so is an error", () => {
  const [fine] = codeCells(notebook([stream("fine")]));
  const [warned] = codeCells(notebook([stream("careful", "stderr")]));
  const [failed] = codeCells(notebook([{ output_type: "error", ename: "E", evalue: "no" }]));
  expect([fine, warned, failed].map((cell) => troubleOf(cell!))).toEqual(["", "careful", "E: no"]);
});

test("a number that no output shows is unfounded, whatever its separators", () => {
  const outputs = [stream("9999 trades, 3.5 %, at 10:05:00, 1_000 more")];
  const said = "9,999 trades, 3.5 % of 1000, at 10:05, in chapter 2, `42`, [12](13.md)";
  expect(unfoundedNumbers(notebook(outputs, said))).toEqual(["12"]);
  expect(unfoundedNumbers(notebook(outputs, "1. 998 trades, 3.6 %"))).toEqual(["998", "3.6"]);
});

test("a notebook that is read and written again is the same file", async () => {
  const copy = join(await temporaryFolder(), "copy.ipynb");
  await writeNotebook(copy, await readNotebook(CHAPTER));
  expect(await readFile(copy, "utf8")).toBe(await readFile(CHAPTER, "utf8"));
});

test("a file that is not a notebook is refused by its name", async () => {
  const path = join(await temporaryFolder(), "broken.ipynb");
  await writeFile(path, '{"cells": 1}');
  await expect(readNotebook(path)).rejects.toThrow(LabError);
  await expect(readNotebook(path)).rejects.toThrow(/broken\.ipynb is not a notebook: .*cells/s);
});
