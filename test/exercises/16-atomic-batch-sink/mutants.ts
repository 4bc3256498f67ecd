import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "a-name-for-each-try": [
    "A second try leaves the first one beside it.",
    [
      `  rename(from: string, to: string): Promise<void>;
}`,
      `  rename(from: string, to: string): Promise<void>;
}
let tries = 0;`,
    ],
    ["`part-${batchId}.txt`;", "`part-${batchId}-${tries++}.txt`;"],
  ],
  "does-not-wait": [
    "The rename comes before there is anything.",
    [
      'await files.write(`.${name}`, rows.join("\\n"))',
      'void files.write(`.${name}`, rows.join("\\n")).catch(() => {})',
    ],
  ],
  "skips-empty-batches": [
    "Nobody can tell an empty batch from one that is missing.",
    ["): Promise<void> {", "): Promise<void> { if (rows.length === 0) return;"],
  ],
  "swallows-the-error": [
    "It renames although the write has failed: half a batch is whole.",
    ['(`.${name}`, rows.join("\\n"));', '(`.${name}`, rows.join("\\n")).catch(() => {});'],
  ],
  "under-the-final-name": [
    "Readers see half a batch.",
    [
      `\`.\${name}\`, rows.join("\\n"));
  await files.rename(\`.\${name}\`, name`,
      'name, rows.join("\\n")',
    ],
  ],
  "visible-aside": [
    "The name of what is being written is one that readers read.",
    [
      `.\${name}\`, rows.join("\\n"));
  await files.rename(\`.\${name}`,
      `\${name}.tmp\`, rows.join("\\n"));
  await files.rename(\`\${name}.tmp`,
    ],
  ],
};
