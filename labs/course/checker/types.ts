import { join } from "node:path";
import ts from "typescript";

export interface CompileError {
  kind: "syntax" | "type";
  /** Starts at 1. */
  line: number;
  column: number;
  message: string;
}

/** TypeScript's codes below this are errors of syntax. */
const FIRST_TYPE_ERROR = 2000;
/** TypeScript's code for "Property … does not exist on type …". */
const MISSING_PROPERTY = 2339;

/** Strict, like the rest of the lab, but unused variables are allowed. */
const LENIENT = { noUnusedLocals: false, noUnusedParameters: false, noEmit: true };

/**
 * Type-checks files repeatedly; files that have not changed are not compiled again.
 *
 * @param root the project's root, whose tsconfig.json applies
 */
export function typeChecker(root: string) {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const versions = new Map<string, { text: string; version: number }>();
  const files = new Set<string>();
  /** Files that exist only here. */
  const written = new Map<string, string>();
  const textOf = (path: string): string | undefined => {
    const text = written.get(path) ?? ts.sys.readFile(path);
    if (text === undefined) return undefined;
    const known = versions.get(path);
    if (known?.text !== text) versions.set(path, { text, version: (known?.version ?? 0) + 1 });
    return text;
  };
  const service = ts.createLanguageService({
    getCompilationSettings: () => ({ ...options, ...LENIENT }),
    getScriptFileNames: () => [...files],
    getScriptVersion: (path) => {
      // Packages do not change while a learner works.
      if (!path.includes("/node_modules/")) textOf(path);
      return String(versions.get(path)?.version ?? 0);
    },
    getScriptSnapshot: (path) => {
      const text = textOf(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (own) => ts.getDefaultLibFilePath(own),
    fileExists: (path) => written.has(path) || ts.sys.fileExists(path),
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  function diagnosticsOf(path: string): ts.Diagnostic[] {
    files.add(path);
    const found: ts.Diagnostic[] = service.getSyntacticDiagnostics(path);
    return found.length > 0 ? found : service.getSemanticDiagnostics(path);
  }
  const textIn = ({ messageText }: ts.Diagnostic) =>
    ts.flattenDiagnosticMessageText(messageText, "\n");
  return {
    errorsIn: (path: string): CompileError[] =>
      diagnosticsOf(path).map((found) => {
        const place = found.file?.getLineAndCharacterOfPosition(found.start ?? 0);
        const { line, character } = place ?? { line: 0, character: 0 };
        const kind = found.code < FIRST_TYPE_ERROR ? "syntax" : "type";
        return { kind, line: line + 1, column: character + 1, message: textIn(found) };
      }),

    /**
     * Compares the types of an answer's functions with those of the solution: for each function that cannot take the place
     * of the solution's, its name and why. A function that the answer lacks is not reported.
     */
    signatureErrors(answer: string, solution: string): { name: string; message: string }[] {
      const names = [...(textOf(solution) ?? "").matchAll(/^export (?:async )?function (\w+)/gm)];
      const from = (path: string) => JSON.stringify(path.replace(/\.ts$/, ".js"));
      const path = answer.replace(/\.ts$/, ".signatures.ts");
      written.set(
        path,
        [
          `import * as answer from ${from(answer)}; import * as solution from ${from(solution)};`,
          ...names.map(
            ([, name]) => `export const ${name}: typeof solution.${name} = answer.${name};`,
          ),
        ].join("\n"),
      );
      return diagnosticsOf(path)
        .filter(({ code }) => code !== MISSING_PROPERTY)
        .map((found) => {
          const { line } = found.file!.getLineAndCharacterOfPosition(found.start ?? 0);
          return { name: names[line - 1]![1]!, message: textIn(found) };
        });
    },
  };
}
