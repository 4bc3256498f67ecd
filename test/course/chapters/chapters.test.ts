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
  type Notebook,
} from "../../../labs/course/chapters/chapter.js";
import { troubleOf, wordsOf } from "../../../labs/course/chapters/difference.js";
import { linksOf, unfoundedNumbers } from "../../support/prose.js";

const LARGEST_BYTES = 1_000_000;
const MOST_LINES = 16;
const names = await chapterNames(".");
const chapters = await Promise.all(
  names.map(async (name) => [name, await readNotebook(chapterPath(".", name))] as const),
);

const proseOf = ({ cells }: Notebook) =>
  cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => source)
    .join("\n");

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
  const prose = proseOf(notebook);
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

test.each(chapters)("%s asks for predictions, and folds its answers", (_, notebook) => {
  const prose = proseOf(notebook);
  expect(prose.match(/\*\*Predict\.\*\* .*\?/g)?.length).toBeGreaterThanOrEqual(2);
  for (const cell of notebook.cells) {
    // Markdown in <details> is rendered only between blank lines.
    const folded = cell.source.match(
      /<details><summary>Answer<\/summary>\n\n[^<]+?\n\n<\/details>/g,
    );
    expect(folded?.length, cell.source).toBe(cell.source.match(/<details>/g)?.length);
  }
});

test.each(chapters)(
  "%s ends with five questions whose answers explain each option",
  (_, notebook) => {
    const [, quiz = ""] = /## Check yourself\n([\s\S]*?)\n## /.exec(proseOf(notebook)) ?? [];
    const questions = quiz.split(/^\*\*\d\.\*\* /m).slice(1);
    expect(questions).toHaveLength(5);
    for (const question of questions) {
      const [asked = "", answer = ""] = question.split("<details>");
      const options = asked.match(/\([a-d]\)/g) ?? [];
      expect(options.length, question).toBeGreaterThanOrEqual(3);
      for (const option of options) expect(answer, question).toContain(option);
    }
  },
);

test.each(chapters)(
  "%s says something between any two code cells, and links the next chapter",
  (name, notebook) => {
    const kinds = notebook.cells.map(({ cell_type }) => cell_type);
    expect(kinds.some((kind, index) => kind === "code" && kinds[index + 1] === "code")).toBe(false);
    const next = names[names.indexOf(name) + 1] ?? "../README.md";
    const lastLine = notebook.cells.at(-1)!.source.split("\n").at(-1);
    expect(lastLine).toMatch(/^\*\*Next:\*\* \[/);
    expect(lastLine).toContain(`](${next})`);
  },
);
