import { readFile, writeFile } from "node:fs/promises";
import ts from "typescript";
import { solutionPath, stubPath } from "./places.js";

/**
 * Derives the stub of an exercise from its solution: the same comments, types and signatures, but the body of each exported
 * function only reports "not done yet". Stub and solution therefore always have the same specification. Types that only the
 * bodies use are left out; imported values stay.
 */
export function stubOf(solution: string): string {
  const file = ts.createSourceFile("solution.ts", solution, ts.ScriptTarget.ES2022, true);
  const imports = file.statements.filter(ts.isImportDeclaration);
  const values = imports.flatMap(valuesOf);
  const pieces: string[] = [];
  const ownTypes: string[] = [];
  for (const statement of file.statements) {
    const text = solution.slice(statement.getFullStart(), statement.end).trim();
    if (ts.isImportDeclaration(statement)) continue;
    if (ts.isFunctionDeclaration(statement) && statement.body !== undefined) {
      if (!isExported(statement)) continue;
      const head = solution.slice(statement.getFullStart(), statement.body.getStart()).trim();
      const names = statement.parameters.flatMap(({ name }) => namesIn(name));
      pieces.push(
        `${head} {\n  // TODO\n  return notDone(${[...names, ...values].join(", ")});\n}`,
      );
    } else if (ts.isInterfaceDeclaration(statement) && !isExported(statement)) {
      ownTypes.push(text);
    } else {
      pieces.push(text);
    }
  }
  const used = pieces.join("\n\n");
  const types = ownTypes.filter((text) => mentions(used, /interface (\w+)/.exec(text)![1]!));
  const head = [
    'import { notDone } from "./not-done.js";',
    ...imports.map((each) => importOf(each, used)),
  ];
  return `${[head.join("\n"), ...types, used].join("\n\n")}\n`;
}

const isExported = ({ modifiers }: { modifiers?: ts.NodeArray<ts.ModifierLike> }) =>
  modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;

const mentions = (text: string, name: string) => new RegExp(`\\b${name}\\b`).test(text);

/** The named imports of a declaration. */
function namedImports({ importClause }: ts.ImportDeclaration): readonly ts.ImportSpecifier[] {
  const bindings = importClause?.namedBindings;
  return bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
}

/** The names of imported values, without types. */
function valuesOf(declaration: ts.ImportDeclaration): string[] {
  const named = namedImports(declaration).filter(({ isTypeOnly }) => !isTypeOnly);
  const names = named.map(({ name }) => name.text);
  const whole = declaration.importClause?.name?.text;
  return whole === undefined ? names : [whole, ...names];
}

/** An import without the types that a text does not use. */
function importOf(declaration: ts.ImportDeclaration, text: string): string {
  const named = namedImports(declaration)
    .filter(({ isTypeOnly, name }) => !isTypeOnly || mentions(text, name.text))
    .map((each) => each.getText());
  const whole = declaration.importClause?.name?.text;
  const parts = [whole, named.length === 0 ? undefined : `{ ${named.join(", ")} }`];
  const clause = parts.filter((part) => part !== undefined).join(", ");
  return `import ${clause} from ${declaration.moduleSpecifier.getText()};`;
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
