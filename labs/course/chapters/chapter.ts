import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LabError, errorMessage } from "../../shared/errors.js";

// A chapter of the course is a Jupyter notebook (nbformat 4.5, "The Jupyter Notebook file format"). These are the parts of
// the format that the lab uses.

/** The folder of the chapters, relative to the project's root. */
export const CHAPTERS = "notebooks";

/** A text is a string, or a list of its pieces. */
const text = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat().join(""));

const bundle = z.record(z.string(), z.unknown());

const output = z.discriminatedUnion("output_type", [
  z.looseObject({ output_type: z.literal("stream"), name: z.string(), text }),
  z.looseObject({ output_type: z.literal("display_data"), data: bundle }),
  z.looseObject({ output_type: z.literal("execute_result"), data: bundle }),
  z.looseObject({ output_type: z.literal("error"), ename: z.string(), evalue: z.string() }),
]);

const cell = z.discriminatedUnion("cell_type", [
  z.looseObject({ cell_type: z.literal("markdown"), id: z.string(), source: text }),
  z.looseObject({
    cell_type: z.literal("code"),
    id: z.string(),
    source: text,
    outputs: z.array(output),
  }),
]);

const notebook = z.looseObject({
  cells: z.array(cell),
  metadata: z.record(z.string(), z.unknown()),
  nbformat: z.literal(4),
  nbformat_minor: z.number(),
});

export type Output = z.infer<typeof output>;
export type Cell = z.infer<typeof cell>;
export type CodeCell = Extract<Cell, { cell_type: "code" }>;
export type Notebook = z.infer<typeof notebook>;

/** The file names of a project's chapters, in order. Other notebooks, such as a learner's own, are no chapters. */
export async function chapterNames(root: string): Promise<string[]> {
  return (await readdir(join(root, CHAPTERS)))
    .filter((name) => /^\d\d-.*\.ipynb$/.test(name))
    .sort();
}

export const chapterNumber = (name: string): number => Number(name.slice(0, 2));

/** The file name of a chapter; undefined if there is none with this number. */
export async function findChapter(root: string, number: number): Promise<string | undefined> {
  return (await chapterNames(root)).find((name) => chapterNumber(name) === number);
}

/** Reads a notebook. @throws LabError if the file is not one */
export async function readNotebook(path: string): Promise<Notebook> {
  try {
    return notebook.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error);
    throw new LabError(`${path} is not a notebook: ${why}`);
  }
}

export const codeCells = ({ cells }: Notebook): CodeCell[] =>
  cells.filter((each): each is CodeCell => each.cell_type === "code");

const FIGURE_TYPE = /^application\/.*\+json$/;

/**
 * Writes a notebook as JupyterLab does, with texts as lines and sorted keys, so that diffs are readable. A figure is one
 * line: a line for each number would make the file four times as long.
 */
export async function writeNotebook(path: string, content: Notebook): Promise<void> {
  const figures: string[] = [];
  const outline = JSON.stringify(outlined(content, figures), undefined, 1);
  const whole = outline.replace(/"figure (\d+)"/g, (_, index: string) => figures[Number(index)]!);
  await writeFile(path, `${whole}\n`);
}

/** Sorts keys, splits texts into lines, and moves each figure to a list. */
function outlined(value: unknown, figures: string[], key = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => outlined(each, figures));
  if (typeof value === "string" && /^(source|text|text\/.*)$/.test(key)) {
    return value === "" ? [] : value.split(/(?<=\n)/);
  }
  if (typeof value !== "object" || value === null) return value;
  if (FIGURE_TYPE.test(key)) return `figure ${figures.push(JSON.stringify(value)) - 1}`;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, outlined(each, figures, name)]),
  );
}

/** A value that Jupyter stores as text, in one piece. */
export const textOf = (value: unknown): string => [value].flat().map(String).join("");

export const chapterPath = (root: string, name: string): string => join(root, CHAPTERS, name);
