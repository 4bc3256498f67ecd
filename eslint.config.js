import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const USE_WAIT = "use labs/shared/wait.ts, which is right at any length";

export default defineConfig(
  globalIgnores([".lab/", "setup/tfjs-node/"]),
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
    // A raw timer beyond 24.9 days fires at once: labs/shared/wait.ts has the one way to wait.
    files: ["labs/**/*.ts", "scripts/**/*.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...["setTimeout", "setInterval"].map((name) => ({ name, message: USE_WAIT })),
      ],
      "no-restricted-imports": [
        "error",
        {
          paths: ["timers", "timers/promises"].flatMap((name) =>
            [name, `node:${name}`].map((each) => ({ name: each, message: USE_WAIT })),
          ),
        },
      ],
      "no-restricted-syntax": [
        "error",
        {
          // A literal can be seen to be short.
          selector:
            "CallExpression[callee.object.name='AbortSignal'][callee.property.name='timeout']:not([arguments.0.type='Literal'])",
          message: USE_WAIT,
        },
      ],
    },
  },
  {
    // Runs in the reader's browser. The type check knows which names there are: tsconfig.json there.
    files: ["labs/view/dashboard/page/*.js"],
    rules: { "no-undef": "off" },
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
