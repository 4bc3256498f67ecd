import type { Mutants } from "../mutants.js";

const RENAME = /* the lines that rename and check */ `    const answer = await request<string>("PUT", temporary, { op: "RENAME", destination });
    if (answer !== '{"boolean":true}') throw new Error(\`\${temporary} could not be renamed\`);
`;

export const mutants: Mutants = {
  "into-the-next-version": [
    "The next version is visible before its file is complete.",
    ["const temporary = `${folder}/compacting`;", "const temporary = `${folder}/v${newest + 1}`;"],
    [RENAME, ""],
    ["    const destination = `${folder}/v${newest + 1}`;\n", ""],
  ],
  "within-the-version": [
    "The merged file is added to the version, and the small ones are deleted one by one.",
    ["const temporary = `${folder}/compacting`;", "const temporary = `${folder}/v${newest}`;"],
    ["    await remove(temporary); // what a killed call may have left\n", ""],
    [RENAME, "    for (const file of files) await remove(`${folder}/v${newest}/${file}`);\n"],
    ["    const destination = `${folder}/v${newest + 1}`;\n", ""],
    ["    newest++;\n", ""],
    ["part-0.jsonl`, {", "merged.jsonl`, {"],
  ],
  "old-one-first": [
    "The old version is deleted before the new one is there.",
    [
      "    const answer = await",
      "    await remove(`${folder}/v${newest}`);\n    const answer = await",
    ],
  ],
  "versions-as-text": [
    "As text, v9 comes after v10.",
    ["Math.max(...numbers.map(Number))", "Number(numbers.sort().at(-1))"],
  ],
  "line-breaks": [
    "Two rows become one where a file lacks its last line break.",
    ['rows += text === "" || text.endsWith("\\n") ? text : `${text}\\n`;', "rows += text;"],
  ],
  "left-behind": [
    "What a killed call has left becomes part of the table.",
    ["    await remove(temporary); // what a killed call may have left\n", ""],
  ],
  "failed-read-is-empty": [
    "A file that cannot be read is taken for an empty one, and its rows are lost.",
    ['{ op: "OPEN" });', '{ op: "OPEN" }).catch(() => "");'],
  ],
  "rename-believed": [
    "A rename that HDFS refused is taken for done, and the old version is deleted.",
    [RENAME, RENAME.split("\n")[0] + "\n    void answer;\n"],
  ],
  "deletes-swallowed": [
    "A failed request to delete is ignored, so the call resolves although old versions remain.",
    ['{ op: "DELETE", recursive: true });', '{ op: "DELETE", recursive: true }).catch(() => "");'],
  ],
  "always-a-line-break": [
    "Files that end with a line break get another one, which readers take for an empty row.",
    ['rows += text === "" || text.endsWith("\\n") ? text : `${text}\\n`;', "rows += `${text}\\n`;"],
  ],
  "one-file-again": [
    "A version with one file is written again as the next version.",
    ["if (files.length > 1) {", "if (files.length > 0) {"],
  ],
};
