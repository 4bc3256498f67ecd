import { codeCells, textOf, type Notebook } from "../../labs/course/chapters/chapter.js";
import { wordsOf } from "../../labs/course/chapters/difference.js";

/** The targets of the links in the prose of a notebook. */
export function linksOf({ cells }: Notebook): string[] {
  return cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .flatMap(({ source }) => [...source.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!));
}

/** The words of a prose cell, without code, targets of links, and the numbers of headings, lists, questions and chapters. */
function said(markdown: string): string {
  return markdown
    .replace(/^```[\s\S]*?^```/gm, "")
    .replace(/`[^`]*`/g, "")
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/^(#+ )?\d+\. /gm, "")
    .replace(/^\*\*\d+\.\*\* /gm, "")
    .replace(/^\*\*Next:\*\* .*$/gm, "")
    .replace(/\bchapter \d+/gi, "");
}

/** The numbers and times in a text, without thousands separators: `1,024` is `1024`. */
function numbersIn(text: string): string[] {
  const plain = text.replace(/(?<=\d)[,_](?=\d{3}(?!\d))/g, "");
  return plain.match(/\d+(?:[.:]\d+)*/g) ?? [];
}

/**
 * The numbers in the prose of a notebook that appear neither in an output nor in the code of a cell.
 */
export function unfoundedNumbers(notebook: Notebook): string[] {
  const seen = new Set<string>();
  for (const cell of codeCells(notebook)) {
    const texts = cell.outputs.map((output) =>
      "data" in output ? textOf((output.data as Record<string, unknown>)["text/plain"] ?? "") : "",
    );
    for (const text of [cell.source, ...wordsOf(cell), ...texts]) {
      for (const number of numbersIn(text)) {
        seen.add(number);
        if (/^\d\d:\d\d:\d\d/.test(number)) seen.add(number.slice(0, 5)); // the minute of a time
      }
    }
  }
  return notebook.cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .flatMap(({ source }) => numbersIn(said(source)))
    .filter((number) => !seen.has(number));
}
