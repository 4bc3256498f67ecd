import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UsageError } from "../../labs/shared/errors.js";
import { pipelineCommand, pipelineOptions } from "../../labs/run/options.js";
import { parseArguments } from "../../scripts/command.js";
import { coingeckoServer, prices } from "../support/coingecko-server.js";
import { market, parseSummary, runPipelineCommand, start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { products } from "../support/products.js";

test("without options the real tape runs to its end, with a summary and a report", async () => {
  const out = await temporaryFolder();
  const { code, stdout } = await runPipelineCommand(["--out", out]);
  expect(code).toBe(0);
  expect(stdout).toContain("events 9,999");
  expect(await readFile(join(out, "report.html"), "utf8")).toContain("rolling average");
  const { prices: rows, windows, rejected, latest } = await products(out);
  expect(rows).toHaveLength(9_999);
  expect(rejected).toHaveLength(0);
  expect(latest).toEqual([rows.at(-1)]);
  expect(windows.length).toBeGreaterThan(700);
});

test("--json prints one object on stdout and nothing else, and its sums are those of the products", async () => {
  const out = await temporaryFolder();
  const { code, stdout } = await runPipelineCommand(market(out, "--json"));
  expect(code).toBe(0);
  const summary = parseSummary(stdout);
  const found = await products(out);
  expect(summary).toMatchObject({
    events: found.prices.length,
    rejected: found.rejected.length,
    windows: found.windows.length,
    changes: found.changes.length,
    batches: 41, // 40 of 200 events and the one without data
  });
  expect(summary.events + summary.rejected).toBe(8_000);
  for (const key of ["droppedRows", "openWindows", "watermark", "elapsedMs"]) {
    expect(summary).toHaveProperty(key);
  }
});

test("Ctrl-C ends a run with a summary, and the same command continues to the same result", async () => {
  const quiet = await temporaryFolder();
  const stopped = await temporaryFolder();
  await runPipelineCommand(market(quiet));
  const { child, result } = start("scripts/run-pipeline.ts", market(stopped, "--speed", "10"));
  await expect
    .poll(() => existsSync(join(stopped, "prices/part-00000000.parquet")), {
      timeout: 20_000,
    })
    .toBe(true);
  child.kill("SIGINT");
  const { code, stdout, stderr } = await result;
  expect(code).toBe(0);
  expect(stdout).toContain("windows written");
  expect(stderr).toContain("the same command continues from here");
  expect(existsSync(join(stopped, "report.html"))).toBe(true);
  await runPipelineCommand(market(stopped));
  expect(await products(stopped)).toEqual(await products(quiet));
});

test("a finished replay has nothing left to do and says so", async () => {
  const out = await temporaryFolder();
  const first = await runPipelineCommand(market(out, "--json"));
  const before = await products(out);
  const second = await runPipelineCommand(market(out, "--json"));
  expect(second.code).toBe(0);
  expect(second.stderr).toContain("nothing left to do");
  const ofThisRun = { newRecords: 0, elapsedMs: expect.any(Number) as number };
  expect(parseSummary(second.stdout)).toEqual({ ...parseSummary(first.stdout), ...ofThisRun });
  expect(await products(out)).toEqual(before);
});

test("--fresh does not remove files that no run wrote", async () => {
  const out = await temporaryFolder();
  await mkdir(join(out, "log"));
  await writeFile(join(out, "log/mine.txt"), "mine");
  const { code, stderr } = await runPipelineCommand(["--out", out, "--fresh"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /--fresh would remove .*log\/mine\.txt, which no run wrote.*choose another --out/,
  );
  expect(await readFile(join(out, "log/mine.txt"), "utf8")).toBe("mine");
});

test("--fresh starts over and leaves what is not the pipeline's", async () => {
  const out = await temporaryFolder();
  await writeFile(join(out, "notes.txt"), "mine");
  await runPipelineCommand(market(out));
  const before = await products(out);
  const { code } = await runPipelineCommand(market(out, "--fresh", "--seed", "2"));
  expect(code).toBe(0);
  expect(await products(out)).not.toEqual(before);
  expect(await readFile(join(out, "notes.txt"), "utf8")).toBe("mine");
});

test("rows that are no events go to rejected/ with position and reason, the rest is processed", async () => {
  const out = await temporaryFolder();
  const tape = join(out, "tape.jsonl");
  const good = (second: number) =>
    `{"asset":"bitcoin","price_usd":${100 + second},"event_time":"2025-01-01T10:00:${String(second).padStart(2, "0")}Z"}`;
  await writeFile(
    tape,
    [good(1), "{broken", good(2), good(3).replace("103", "-103"), good(4)].join("\n"),
  );
  const { code, stdout } = await runPipelineCommand([
    "--tape",
    tape,
    "--partitions",
    "1",
    "--out",
    join(out, "out"),
    "--json",
  ]);
  expect(code).toBe(0);
  expect(parseSummary(stdout)).toMatchObject({ events: 3, rejected: 2 });
  const { rejected } = await products(join(out, "out"));
  expect(rejected).toEqual([
    { topic: "crypto_prices", partition: 0, offset: 1, reason: "not JSON", raw: "{broken" },
    {
      topic: "crypto_prices",
      partition: 0,
      offset: 3,
      reason: "price_usd is not above 0",
      raw: good(3).replace("103", "-103"),
    },
  ]);
});

test.each([
  ["--source", "telepathy"],
  ["--window", "60"],
  ["--window", "0s"],
  ["--slide", "2m"],
  ["--partitions", "0"],
  ["--batch", "many"],
  ["--speed", "-1"],
  ["--change-threshold", "NaN"],
  ["--assets", "a,,b"],
  ["--serve", "99999"],
  ["--engine", "spark", "--log", "file"],
  ["--verify", "--fresh"],
  ["--stack", "--alerts", "setup/alerts.example.json"],
  ["--nonsense"],
  ["--tape"],
  ["extra"],
])("wrong usage is refused: %s %s", async (...args) => {
  const command = pipelineCommand();
  const options = parseArguments(command, args).then(() => pipelineOptions(command, () => {}));
  await expect(options).rejects.toThrow(UsageError);
});

test("wrong usage ends with exit code 2, one line and a hint", async () => {
  const out = await temporaryFolder();
  for (const args of [
    ["--source", "telepathy"],
    ["--source", "websocket", "--assets", "nonsense"],
    ["--alerts", join(out, "none.json")],
  ]) {
    const { code, stdout, stderr } = await runPipelineCommand([...args, "--out", out]);
    expect(code, args.join(" ")).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n"), args.join(" ")).toHaveLength(1);
    expect(stderr).toContain("--help");
  }
  expect(await readdir(out)).toEqual([]);
}, 120_000);

test("an object store is no folder, and is not taken for one", async () => {
  const args = ["--source", "market", "--events", "10", "--out", "s3a://me:secret@bucket/x"];
  const { code, stderr } = await runPipelineCommand(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /--out must be a folder or hdfs:.*, not s3a:\/\/…@bucket\/x; .*setup\/cloud\.md/,
  );
});

test("wrong alert rules name the example, because --help does not explain rules", async () => {
  const out = await temporaryFolder();
  const rules = join(out, "rules.json");
  for (const text of ['{"rules": [', '{"rules": []}']) {
    await writeFile(rules, text);
    const args = ["--alerts", rules, "--out", join(out, "none")];
    const { code, stderr } = await runPipelineCommand(args);
    expect(code).toBe(2);
    expect(stderr).toContain("(see setup/alerts.example.json)");
    expect(stderr).not.toContain("--help");
  }
});

test("what cannot work ends with exit code 1 and one line that says what to do", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "file");
  await writeFile(file, "");
  const damaged = join(folder, "damaged");
  await runPipelineCommand(market(damaged));
  const commits = await readdir(join(damaged, "checkpoint/state"));
  await writeFile(join(damaged, "checkpoint/state", commits.at(-1)!), "garbage");
  const foreign = join(folder, "foreign");
  await mkdir(join(foreign, "prices"), { recursive: true });
  await writeFile(join(foreign, "prices/part-00000000.parquet"), "");
  await writeFile(join(foreign, "prices/mine.txt"), "");
  const empty = join(folder, "empty.csv");
  await writeFile(empty, "");
  const unused = join(folder, "unused");
  const other = join(folder, "other");
  await runPipelineCommand(market(other));

  for (const [args, message] of [
    [["--tape", join(folder, "none.csv")], /cannot read the tape .*: it does not exist/],
    [
      ["--tape", empty, "--out", unused],
      /the tape .*empty\.csv has no events: choose another --tape/,
    ],
    [["--out", file], /cannot write to .*file/],
    [["--out", join(file, "below")], /cannot write to .*below.*choose another --out/],
    [market(damaged), /is corrupt.*--fresh/],
    [
      ["--out", foreign],
      /foreign\/prices exists, but there is no checkpoint.*: choose another --out; only if an earlier run created this folder, .*--fresh/,
    ],
    [["--out", foreign, "--fresh"], /--fresh would remove .*mine\.txt/],
    [market(other, "--window", "2m"), /--window was 1m, now 2m/],
    [
      market(other, "--alerts", "setup/alerts.example.json"),
      /--alerts was not set, now 5 rules \(\w+\).*start over with --fresh/,
    ],
    [market(other, "--seed", "9"), /--seed was 1, now 9/],
  ] as const) {
    const { code, stdout, stderr } = await runPipelineCommand(args);
    expect(code, stderr).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  }
  expect(existsSync(unused)).toBe(false);
  expect(await readdir(foreign)).toEqual(["prices"]); // not even a lock's file
}, 120_000);

test("a live source runs for the time it is given, does not store again what it knows, and tells when it falls silent", async () => {
  const out = await temporaryFolder();
  const rules = join(out, "rules.json");
  const rule = { name: "nothing new", kind: "silence", after: "500ms" };
  await writeFile(rules, JSON.stringify({ rules: [rule] }));
  const { url } = await coingeckoServer(
    prices({ bitcoin: { usd: 68_340.12, last_updated_at: Math.floor(Date.now() / 1_000) } }),
  );
  const args = [
    ...["--source", "coingecko", "--assets", "bitcoin", "--every", "100ms", "--trigger", "100ms"],
    ...["--duration", "1s", "--out", out, "--json", "--alerts", rules],
  ];
  const first = await runPipelineCommand(args, { COINGECKO_URL: url });
  expect(first.code, first.stderr).toBe(0);
  expect(parseSummary(first.stdout)).toMatchObject({ events: 1, ended: false });
  expect(parseSummary(first.stdout).source["repeated"]).toBeGreaterThan(2);
  expect(first.stderr).toContain("alert: no event of bitcoin has arrived for 500ms");
  const before = await products(out);
  expect(before.alerts).toMatchObject([{ rule: "nothing new", asset: "bitcoin" }]);
  const second = await runPipelineCommand(args, { COINGECKO_URL: url });
  expect(parseSummary(second.stdout)).toMatchObject({ events: 1, newRecords: 0 });
  expect((await products(out)).alerts).toEqual(before.alerts); // the same silence goes on
});

test("a live source that nothing answers ends with exit code 1, one that answers without a price does not", async () => {
  const folder = await temporaryFolder();
  const run = (source: string, address: Record<string, string>) =>
    runPipelineCommand(
      ["--source", source, "--duration", "1s", "--out", join(folder, source)],
      address,
    );
  for (const [source, variable, url] of [
    ["coingecko", "COINGECKO_URL", "http://127.0.0.1:1"],
    ["websocket", "COINBASE_URL", "ws://127.0.0.1:1"],
  ] as const) {
    const { code, stdout, stderr } = await run(source, { [variable]: url });
    expect(code, stderr).toBe(1);
    expect(stdout).toContain("still open 0 (no watermark yet)");
    const last = stderr.trimEnd().split("\n").at(-1);
    expect(last).toMatch(/^nothing was received: .*attempts: \d+, last error: .*ECONNREFUSED/);
    expect(last).toContain(url);
    expect(last).toContain(`check the network and ${variable}`);
  }
  const { url } = await coingeckoServer(prices({}));
  const answered = await run("coingecko", { COINGECKO_URL: url });
  expect(answered.code, answered.stderr).toBe(0);
}, 120_000);

test("--help names every option of the command line", async () => {
  const { code, stdout } = await runPipelineCommand(["--help"]);
  expect(code).toBe(0);
  for (const option of [
    ...["source", "tape", "assets", "out", "partitions", "batch", "trigger", "window", "slide"],
    ...["watermark", "change-threshold", "speed", "every", "duration", "seed", "events"],
    ...["fresh", "verify", "no-fsync", "json", "help"],
  ]) {
    expect(stdout).toContain(`--${option}`);
  }
  // Defaults as one would type them.
  const words = stdout.replace(/\s+/g, " ");
  expect(words).toContain("length of a window (default: 1m)");
  expect(words).not.toMatch(/preset|milliseconds/);
});

test("--verify tells whether the products are those that were committed, and so does a run that continues them", async () => {
  const out = await temporaryFolder();
  const rules = join(out, "rules.json");
  const rule = { name: "moves", kind: "change", percent: 0.05 };
  await writeFile(rules, JSON.stringify({ rules: [rule] }));
  const args = market(out, "--alerts", rules, "--window", "10s", "--no-fsync");
  expect((await runPipelineCommand(args)).code).toBe(0);
  const verify = () => runPipelineCommand(["--out", out, "--verify"]);
  const whole = await verify();
  expect(whole.code, whole.stdout).toBe(0);
  expect(whole.stdout).toMatch(/^prices: \d+ files, [\d,]+ rows$/m);
  expect(whole.stdout).toContain("the products are exactly what was committed");

  // Half a file, also of a product that no summary needs; --serve reads back before the run what others read after it.
  for (const [product, more] of [
    ["alerts", ["--serve"]],
    ["alerts", []],
    ["rejected", []],
  ] as const) {
    const place = join(out, product, (await readdir(join(out, product)))[0]!);
    const content = await readFile(place);
    await writeFile(place, content.subarray(0, content.length >> 1));
    const { code, stderr } = await runPipelineCommand([...args, ...more]);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`${product}/part-\\d+\\.jsonl is truncated: \\d+ of \\d+ .*restore it`),
    );
    expect(stderr).not.toMatch(/^\s+at /m);
    await writeFile(place, content);
  }

  const lost = `windows/${(await readdir(join(out, "windows"))).sort()[1]}`;
  await rm(join(out, lost));
  const damaged = await verify();
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toContain(`${lost}: missing`);
  const continued = await runPipelineCommand(args);
  expect(continued.code, continued.stderr).toBe(1);
  expect(continued.stderr).toContain(`${lost} is missing with its `);
  const nothing = await runPipelineCommand(["--out", join(out, "none"), "--verify"]);
  expect(nothing.code).toBe(1);
  expect(nothing.stderr).toMatch(/none holds no checkpoint/);
  expect(existsSync(join(out, "none"))).toBe(false);
}, 120_000);

test("an output of the embedded log that is continued with Kafka says so, and what to do", async () => {
  const out = await temporaryFolder();
  await runPipelineCommand(market(out));
  const { code, stderr } = await runPipelineCommand(market(out, "--log", "kafka"));
  expect(code).toBe(1);
  expect(stderr).toContain(`${out} was not computed from Kafka`);
  expect(stderr).toContain("--fresh");
});
