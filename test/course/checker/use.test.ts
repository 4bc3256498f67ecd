import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { learnersFolder, type Learner } from "../../support/learner.js";

// A learner's answers in the real pipeline.

const USABLE = [
  "08-tumbling-window",
  "09-sliding-windows",
  "10-watermark",
  "11-late-or-not",
  "12-mean-and-deviation",
  "16-atomic-batch-sink",
];
const MARKET = ["--source", "market", "--events", "3000", "--watermark", "2s", "--json"];
let learner: Learner;

beforeAll(async () => {
  learner = await learnersFolder();
});
afterAll(() => learner.remove());

async function pipeline(out: string, ...options: string[]) {
  const place = join(learner.folder, out);
  const result = await learner.run(
    "scripts/run-pipeline.ts",
    ...MARKET,
    "--out",
    place,
    ...options,
  );
  expect(result.code, result.stderr).toBe(0);
  const { elapsedMs: _, ...summary } = JSON.parse(result.stdout) as Record<string, unknown>;
  void _;
  return { summary, said: result.stderr, place };
}

test("without a solved exercise the pipeline is the lab's own, and says so", async () => {
  const { said } = await pipeline("unsolved", "--use-exercises");
  expect(said).toContain("using your code: none");
  expect(said).toContain(
    `using the lab's own code where yours is not solved: ${USABLE.join(", ")}`,
  );
});

test("solved exercises take the place of the lab's functions, and the products stay the same", async () => {
  for (const name of USABLE) await learner.solve(name);
  const own = await pipeline("own", "--use-exercises");
  expect(own.said).toContain(`using your code: ${USABLE.join(", ")}`);
  const lab = await pipeline("lab");
  expect(own.summary).toEqual({
    ...lab.summary,
    assets: expect.anything() as unknown, // averages differ in their last digits
  });
  for (const product of ["prices", "rejected", "windows", "changes"]) {
    const files = await readdir(join(lab.place, product));
    expect(await readdir(join(own.place, product))).toEqual(files);
  }
  const file = "prices/part-00000000.parquet";
  expect(await readFile(join(own.place, file))).toEqual(await readFile(join(lab.place, file)));
});

test("the learner's sink writes alerts, too", async () => {
  const rules = join(learner.folder, "rules.json");
  await writeFile(
    rules,
    '{"rules":[{"name":"low","kind":"level","below_usd":1000000,"rearm_usd":1000001}]}',
  );
  const own = await pipeline("own-alerts", "--use-exercises", "--alerts", rules);
  const lab = await pipeline("lab-alerts", "--alerts", rules);
  const alerts = await readdir(join(lab.place, "alerts"));
  expect(alerts.length).toBeGreaterThan(0);
  for (const file of alerts) {
    const [mine, theirs] = [own, lab].map(({ place }) => join(place, "alerts", file));
    expect(await readFile(mine!, "utf8")).toBe(await readFile(theirs!, "utf8"));
  }
});

test("it is the learner's code that runs: a trace that it leaves is there", async () => {
  const path = learner.stub("10-watermark");
  const text = await readFile(path, "utf8");
  const marked = text.replace(
    "let latest = watermarkMs;",
    'process.stderr.write("my watermark\\n");\n  let latest = watermarkMs;',
  );
  expect(marked).not.toBe(text);
  await writeFile(path, marked);
  const { said } = await pipeline("traced", "--use-exercises");
  expect(said).toContain("my watermark");
});

test("Spark does not take it", async () => {
  const { code, stderr } = await learner.run(
    "scripts/run-pipeline.ts",
    "--use-exercises",
    "--engine",
    "spark",
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/--engine ts/);
});
