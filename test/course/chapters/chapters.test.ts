import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import {
  CHAPTERS,
  chapterNames,
  chapterNumber,
  chapterPath,
  codeCells,
  readNotebook,
} from "../../../labs/course/chapters/chapter.js";
import { troubleOf, wordsOf } from "../../../labs/course/chapters/difference.js";
import { linksOf, unfoundedNumbers } from "../../support/prose.js";

const LARGEST_BYTES = 1_000_000;
const MOST_LINES = 16;
const names = await chapterNames(".");
const chapters = await Promise.all(
  names.map(async (name) => [name, await readNotebook(chapterPath(".", name))] as const),
);

test("chapters are numbered without gaps", () => {
  const first = chapterNumber(names[0]!);
  expect(names.map(chapterNumber)).toEqual(names.map((_, index) => first + index));
});

test.each(names)("the README lists %s", async (name) => {
  const readme = await readFile("README.md", "utf8");
  expect(readme.includes(`](${CHAPTERS}/${name})`), `README.md links ${name}`).toBe(true);
});

test.each(chapters)("%s has run, and nothing complained", async (name, notebook) => {
  const cells = codeCells(notebook);
  expect(cells.map(troubleOf).join("")).toBe("");
  expect(cells.filter(({ outputs }) => outputs.length > 0).length).toBeGreaterThan(
    cells.length / 2,
  );
  expect((await stat(chapterPath(".", name))).size).toBeLessThan(LARGEST_BYTES);
  expect(notebook.metadata["kernelspec"]).toMatchObject({ name: "lab", language: "typescript" });
});

test.each(chapters)("%s has a picture of every plot", (_, notebook) => {
  const plots = codeCells(notebook)
    .flatMap(({ outputs }) => outputs)
    .flatMap((output) => ("data" in output ? [output.data as Record<string, unknown>] : []))
    .filter((data) => "application/vnd.plotly.v1+json" in data);
  expect(plots.length).toBeGreaterThanOrEqual(5);
  for (const data of plots) {
    const png = Buffer.from(String(data["image/png"]), "base64");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
  }
});

test.each(chapters)("%s shows no port, no path of a machine", (_, notebook) => {
  const words = codeCells(notebook).flatMap(wordsOf).join("\n");
  expect(words).not.toMatch(/(127\.0\.0\.1|localhost):\d/);
  expect(words).not.toMatch(/(^|[\s"'(])\/(home|root|work|tmp|Users|usr|var)\//m);
});

test.each(chapters)("%s has small cells that define no engine", (_, notebook) => {
  for (const { source } of codeCells(notebook)) {
    expect(source.split("\n").length, source).toBeLessThanOrEqual(MOST_LINES);
    expect(source).not.toMatch(/\bclass\b/);
  }
});

test.each(chapters)("%s has all parts of a chapter", (_, notebook) => {
  const prose = notebook.cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => source)
    .join("\n");
  for (const part of ["You will learn", "Experiment.", "Common mistakes", "Exercises", "Summary"]) {
    expect(prose).toContain(part);
  }
  expect(prose).toMatch(/What .* do(es)? here/);
});

test.each(chapters)("links of %s lead somewhere", async (_, notebook) => {
  const links = linksOf(notebook);
  expect(links.length).toBeGreaterThanOrEqual(3);
  for (const link of links) {
    if (link.startsWith("https://")) continue;
    await expect(stat(resolve(CHAPTERS, link.split("#")[0]!)), link).resolves.toBeDefined();
  }
});

test.each(chapters)("every number that %s states can be seen in it", (_, notebook) => {
  expect(unfoundedNumbers(notebook)).toEqual([]);
});
