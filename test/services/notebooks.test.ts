import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  codeCells,
  textOf,
  writeNotebook,
  type Notebook,
} from "../../labs/course/chapters/chapter.js";
import { troubleOf, wordsOf } from "../../labs/course/chapters/difference.js";
import { executeNotebook } from "../../labs/course/chapters/execute.js";
import { findBrowser } from "../../labs/course/chapters/browser.js";
import { addPictures } from "../../labs/course/chapters/pictures.js";
import { start } from "../support/command.js";

/** Writes a notebook of some cells beside the chapters and runs it. */
async function execute(cells: string[], limitSeconds = 60) {
  const path = `notebooks/scratch-${process.pid}.ipynb`;
  onTestFinished(() => rm(path, { force: true }));
  const notebook: Notebook = {
    cells: cells.map((source, index) => {
      const common = { id: `cell-${index}`, metadata: {}, execution_count: null };
      return { cell_type: "code", source, outputs: [], ...common };
    }),
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  };
  await writeNotebook(path, notebook);
  const done: number[] = [];
  const execution = await executeNotebook(resolve("."), path, limitSeconds, (cell) =>
    done.push(cell),
  );
  return { ...execution, done, words: codeCells(execution.notebook).map(wordsOf) };
}

test("a notebook runs from top to bottom, and its outputs are told cell by cell", async () => {
  const { failure, words, done } = await execute([
    "const price = 42;",
    'console.log("price", price);\nconsole.log("and more");',
  ]);
  expect(failure).toBeUndefined();
  expect(words).toEqual([[], ["price 42\nand more\n"]]);
  expect(done).toEqual([1, 2]);
});

test("a cell that fails is named, and what it said is kept", async () => {
  const { failure, notebook } = await execute([
    "const price = 42;",
    'throw new Error("no market today");',
    'console.log("never");',
  ]);
  expect(failure).toEqual({ cell: 1, how: "failed" });
  const [, failed, after] = codeCells(notebook);
  expect(troubleOf(failed!)).toContain("no market today");
  expect(after!.outputs).toEqual([]);
});

test("a cell that takes too long is named", async () => {
  const { failure } = await execute(["await new Promise(() => setTimeout(() => {}, 60_000));"], 4);
  expect(failure).toEqual({ cell: 0, how: "took more than 4 s" });
});

test("live output is saved as it was at last, and a plot gets its picture", async () => {
  const { notebook } = await execute([
    `import { live } from "../labs/course/cell.js";
     import { barChart } from "../labs/course/figure/chart.js";
     await live(async (show) => {
       for (const price of [1, 2, 3]) {
         show(barChart({ price }, { title: "price " + price, x: "", y: "" }));
         await new Promise((resolve) => setTimeout(resolve, 150));
       }
     });`,
  ]);
  const { outputs } = codeCells(notebook)[0]!;
  expect(outputs).toHaveLength(1);
  const data = (outputs[0] as { data: Record<string, unknown> }).data;
  expect(textOf(data["text/plain"])).toBe("[plot: price 3]");
  const plotly = resolve("node_modules/plotly.js/dist/plotly.min.js");
  await addPictures(notebook, await findBrowser("."), plotly);
  const png = Buffer.from(String(data["image/png"]), "base64");
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.length).toBeGreaterThan(3_000);
});

test("npm run notebooks says what is wrong usage", async () => {
  const { result } = start("scripts/notebooks.ts", ["99"]);
  const { code, stderr } = await result;
  expect(code).toBe(2);
  expect(stderr).toMatch(/there is no chapter 99: 00-.*\.ipynb, /);
});
