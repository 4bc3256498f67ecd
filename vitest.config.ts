import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // CI counts from the file what passed and what failed.
    reporters: process.env["CI"] ? ["default", "json"] : ["default"],
    outputFile: ".lab/vitest.json",
    // By default one core of two stays idle.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: [
            "test/services/**",
            "test/exercises/**",
            "test/course/checker/**",
            "test/crash/**",
          ],
          testTimeout: 60_000,
        },
      },
      {
        // Processes killed and power cut, again and again: they need no service, but a while.
        test: { name: "crash", include: ["test/crash/*.test.ts"], testTimeout: 120_000 },
      },
      {
        // The exercises themselves, in CI: a learner's answers make these fail.
        test: {
          name: "course",
          include: ["test/course/checker/*.test.ts"],
          testTimeout: 60_000,
          env: { TZ: "Asia/Kathmandu" }, // as in the checker
        },
      },
      {
        // The learner's answers in labs/exercises: all fail until they are written.
        test: {
          name: "exercises",
          include: ["test/exercises/*.test.ts"],
          testTimeout: 10_000,
        },
      },
      {
        // The real Kafka, HDFS and Spark: one file after the other, since some of them kill services.
        test: {
          name: "stack",
          include: ["test/services/**/*.test.ts"],
          globalSetup: "test/services/setup.ts",
          fileParallelism: false,
          testTimeout: 360_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
