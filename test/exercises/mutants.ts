import { readFile, writeFile } from "node:fs/promises";
import { mutantsPath, solutionPath } from "../../labs/course/checker/places.js";
import { makeFolders } from "../../labs/shared/files.js";
import { moduleAt } from "../support/exercises.js";

/**
 * The recorded wrong answers to an exercise, by name: the mistake in a sentence, and the changes that turn the solution into
 * the wrong answer. Each text to find must occur exactly once.
 */
export type Mutants = Record<
  string,
  [mistake: string, ...changes: [find: string, replacement: string][]]
>;

const readMutants = async (root: string, name: string): Promise<Mutants> =>
  ((await moduleAt(mutantsPath(root, name))) as { mutants: Mutants }).mutants;

/** Writes the wrong answers to an exercise into `.lab/mutants/`. @returns their paths */
export async function writeMutants(name: string): Promise<string[]> {
  const solution = await readFile(solutionPath(".", name), "utf8");
  const folder = `.lab/mutants/${name}`;
  await makeFolders(folder);
  const paths: string[] = [];
  for (const [mutant, [mistake, ...changes]] of Object.entries(await readMutants(".", name))) {
    let text = solution;
    for (const [find, replacement] of changes) {
      const count = text.split(find).length - 1;
      if (count !== 1)
        throw new Error(`${name}, ${mutant}: ${find} occurs ${count} times, not once`);
      text = text.replace(find, () => replacement);
    }
    paths.push(`${folder}/${mutant}.ts`);
    await writeFile(paths.at(-1)!, `// ${mistake}\n\n${text}`);
  }
  return paths;
}
