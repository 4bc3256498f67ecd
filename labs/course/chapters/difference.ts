import { codeCells, textOf, type CodeCell, type Notebook, type Output } from "./chapter.js";

/** The outputs of a cell as text: streams joined, tables as HTML, plots only by their title. */
export function wordsOf(cell: CodeCell): string[] {
  const words: string[] = [];
  let stream = "";
  const endStream = () => {
    if (stream !== "") words.push(stream);
    stream = "";
  };
  for (const output of cell.outputs) {
    if (output.output_type === "stream") {
      stream += output.text;
      continue;
    }
    endStream();
    words.push(displayed(output));
  }
  endStream();
  return words;
}

function displayed(output: Exclude<Output, { output_type: "stream" }>): string {
  if (output.output_type === "error") return `${output.ename}: ${output.evalue}`;
  const { data } = output;
  return textOf(data["text/html"] ?? data["text/plain"] ?? Object.keys(data).join(" "));
}

/** What a cell wrote to stderr, or its error; empty if there is neither. */
export function troubleOf(cell: CodeCell): string {
  return cell.outputs
    .map((output) => {
      if (output.output_type === "stream" && output.name === "stderr") return output.text;
      return output.output_type === "error" ? `${output.ename}: ${output.evalue}` : "";
    })
    .join("");
}

export interface Difference {
  /** The first line of the cell's code. */
  cell: string;
  expected: string;
  found: string;
}

/** The first line in which two texts differ, from each text. */
function firstDifference(expected: string, found: string): [string, string] {
  const [then, now] = [expected.split("\n"), found.split("\n")];
  const index = then.findIndex((line, place) => line !== now[place]);
  const place = index < 0 ? then.length : index;
  return [then[place] ?? "(nothing more)", now[place] ?? "(nothing more)"];
}

/** The cells whose outputs differ between two runs of a notebook. Plots are not compared: some show measured times. */
export function differences(committed: Notebook, executed: Notebook): Difference[] {
  const now = codeCells(executed);
  return codeCells(committed).flatMap((cell, index) => {
    const expected = wordsOf(cell).join("\n");
    const found = now[index] === undefined ? "" : wordsOf(now[index]).join("\n");
    if (expected === found) return [];
    const [line, other] = firstDifference(expected, found);
    return [{ cell: cell.source.split("\n")[0]!, expected: line, found: other }];
  });
}
