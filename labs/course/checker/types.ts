import { join } from "node:path";
import ts from "typescript";

export interface CompileError {
  /** Starts at 1. */
  line: number;
  column: number;
  message: string;
}

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
  const textOf = (path: string): string | undefined => {
    const text = ts.sys.readFile(path);
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
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  return {
    errorsIn(path: string): CompileError[] {
      files.add(path);
      const found: ts.Diagnostic[] = service.getSyntacticDiagnostics(path);
      if (found.length === 0) found.push(...service.getSemanticDiagnostics(path));
      return found.map(({ file, start, messageText }) => {
        const place = file?.getLineAndCharacterOfPosition(start ?? 0) ?? { line: 0, character: 0 };
        const message = ts.flattenDiagnosticMessageText(messageText, "\n");
        return { line: place.line + 1, column: place.character + 1, message };
      });
    },
  };
}
