import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

// tslab brings a TypeScript of its own, 5.0.4, and compiles what a cell imports with these options
// (`dist/converter.js`); strict is what the lab's launcher adds.
const require = createRequire(import.meta.url);
const ts = require("@tslab/typescript-for-tslab") as typeof import("typescript");

test("the modules of labs/ compile with tslab's TypeScript", () => {
  const files = readdirSync("labs", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => join("labs", name));
  expect(files.length).toBeGreaterThan(20);
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    esModuleInterop: true,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts"],
    skipLibCheck: true,
    strict: true,
    noEmit: true,
  });
  const host = {
    getCanonicalFileName: (name: string) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => "\n",
  };
  expect(ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host)).toBe("");
});

test("labs/ uses nothing that tslab's CommonJS cannot run", () => {
  for (const name of readdirSync("labs", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(join("labs", name), "utf8");
    expect(text, name).not.toMatch(
      /import\.meta|__dirname|__filename|from "[^"]*\.ts"|with \{ type/,
    );
    expect(text, name).not.toMatch(/toSorted|toReversed|Object\.groupBy|fromAsync|^await /m);
  }
});
