import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // CI counts from the file what passed and what failed.
    reporters: process.env["CI"] ? ["default", "json"] : ["default"],
    outputFile: ".lab/vitest.json",
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/stack/**", "test/exercises/**"],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
