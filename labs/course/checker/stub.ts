import { readFile, writeFile } from "node:fs/promises";
import ts from "typescript";
import { solutionPath, stubPath } from "./places.js";

/**
 * Derives the stub of an exercise from its solution: the same comments, types and signatures, but the body of each exported
 * function only reports "not done yet". Stub and solution therefore always have the same specification.
 */
export function stubOf(solution: string): string {
  const file = ts.createSourceFile("solution.ts", solution, ts.ScriptTarget.ES2022, true);
  const pieces: string[] = [];
  const imported: string[] = [];
  for (const statement of file.statements) {
    const text = solution.slice(statement.getFullStart(), statement.end).trim();
    if (ts.isImportDeclaration(statement)) {
      imported.push(...valuesOf(statement));
      pieces.push(text);
    } else if (ts.isFunctionDeclaration(statement) && statement.body !== undefined) {
      if (!statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
      const head = solution.slice(statement.getFullStart(), statement.body.getStart()).trim();
      const names = statement.parameters.flatMap(({ name }) => namesIn(name));
      pieces.push(
        `${head} {\n  // TODO\n  return notDone(${[...names, ...imported].join(", ")});\n}`,
      );
    } else {
      pieces.push(text);
    }
  }
  const at = pieces.findIndex((piece) => !piece.startsWith("import"));
  pieces.splice(at, 0, 'import { notDone } from "./not-done.js";');
  return `${pieces.join("\n\n").replace(/(?<=^import.*)\n\n(?=import)/gm, "\n")}\n`;
}

/** The imported names, without types. */
function valuesOf({ importClause }: ts.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name.text);
}

function namesIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isBindingElement(element) ? namesIn(element.name) : [],
  );
}

/** Replaces the learner's answer with the empty exercise. */
export async function resetStub(root: string, name: string): Promise<void> {
  await writeFile(stubPath(root, name), stubOf(await readFile(solutionPath(root, name), "utf8")));
}
