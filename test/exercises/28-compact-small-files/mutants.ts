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
};
