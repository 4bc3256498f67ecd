import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  // Wrong answers are wrong in more than one way.
  globalIgnores([".lab/", "setup/tfjs-node/", "test/exercises/mutants/"]),
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      // tslab finds the types of an untyped package only where a module points at them.
      "@typescript-eslint/triple-slash-reference": ["error", { path: "always" }],
    },
  },
  {
    // The live page runs in the reader's browser.
    files: ["labs/dashboard/page/*.js"],
    languageOptions: {
      globals: {
        ...{ document: "readonly", EventSource: "readonly", matchMedia: "readonly" },
        ...{ getComputedStyle: "readonly", performance: "readonly", setTimeout: "readonly" },
        requestAnimationFrame: "readonly",
      },
    },
  },
  {
    // The kernel's launcher is CommonJS, as tslab is.
    files: ["**/*.cjs"],
    languageOptions: {
      globals: {
        ...{ require: "readonly", __dirname: "readonly", process: "readonly" },
        AbortController: "readonly",
      },
    },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
