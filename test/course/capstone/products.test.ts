import { expect, test } from "vitest";
import { readRejected, readTrades, readWindows } from "../../../labs/course/capstone/products.js";
import { encodeParquet, type Columns } from "../../../labs/store/parquet.js";
import { memoryStore } from "../../support/memory-store.js";

// Reading a learner's products from a store: which files count, and what is said about their columns.

const COLUMNS: Columns = {
  trade_id: { type: "integer" },
  asset: { type: "string" },
  price: { type: "double" },
  quantity: { type: "double" },
  side: { type: "string" },
  trade_time: { type: "timestamp" },
};
const row = (tradeId: number) => ({
  trade_id: tradeId,
  asset: "bitcoin",
  price: 1.5,
  quantity: 2,
  side: "buy",
  trade_time: 1_740_996_000_120,
});
const FOLDER = "trades/venue=meridian";

test("rows get the venue of their folder; hidden files do not count", async () => {
  const store = memoryStore();
  await store.write(`${FOLDER}/a.parquet`, await encodeParquet(COLUMNS, [row(1), row(2)]));
  await store.write(`${FOLDER}/_SUCCESS`, "");
  await store.write("trades/_temporary/0/b.parquet", "half");
  const { rows, files, problems } = await readTrades(store);
  expect(rows).toEqual([1, 2].map((id) => ({ ...row(id), venue: "meridian" })));
  expect([files, problems]).toEqual([1, []]);
});

test("the folder decides which venue a row is of, whatever its column says", async () => {
  const store = memoryStore();
  const columns: Columns = { venue: { type: "string" }, ...COLUMNS };
  const content = await encodeParquet(columns, [{ venue: "northgate", ...row(1) }]);
  await store.write(`${FOLDER}/a.parquet`, content);
  const { rows, problems } = await readTrades(store);
  expect([rows[0]!["venue"], problems]).toEqual(["meridian", []]);
});

test("if Spark has written a product, only the files of its log count", async () => {
  const store = memoryStore();
  await store.write(`${FOLDER}/part-0.parquet`, await encodeParquet(COLUMNS, [row(1)]));
  await store.write(`${FOLDER}/part-1.parquet`, await encodeParquet(COLUMNS, [row(1)]));
  const path = `hdfs://127.0.0.1:8020/out/${FOLDER.replace("=", "%3D")}/part-0.parquet`;
  const entry = { path, size: 1, isDir: false, action: "add" };
  await store.write("trades/_spark_metadata/0", `v1\n${JSON.stringify(entry)}\n`);
  expect((await readTrades(store)).rows.length).toBe(1);
});

const { side: omitted, ...withoutSide } = COLUMNS;
test.each([
  ["a missing column", withoutSide, "the column side is missing"],
  [
    "a time as a number",
    { ...COLUMNS, trade_time: { type: "integer" } },
    "the column trade_time has the type int64, not timestamp",
  ],
  [
    "an id as a double",
    { ...COLUMNS, trade_id: { type: "double" } },
    "the column trade_id has the type double, not int64",
  ],
  ["another column", { ...COLUMNS, note: omitted! }, "the column note is not in the specification"],
] satisfies [string, Columns, string][])("%s is named", async (_, columns, problem) => {
  const store = memoryStore();
  const content = await encodeParquet(columns, [{ ...row(1), note: "x" }]);
  await store.write(`${FOLDER}/a.parquet`, content);
  expect((await readTrades(store)).problems).toEqual([`${FOLDER}/a.parquet: ${problem}`]);
});

test("files in the wrong place, or that are not Parquet, or not JSON lines, are named", async () => {
  const store = memoryStore();
  await store.write("trades/a.parquet", await encodeParquet(COLUMNS, [row(1)]));
  await store.write("windows/a.parquet", "no Parquet");
  await store.write("rejected/a.jsonl", '{"partition":0,"offset":1,"reason":"x"}\nnone\n');
  expect((await readTrades(store)).problems[0]).toMatch(
    /^trades\/a\.parquet: expected only venue=/,
  );
  expect((await readWindows(store)).problems[0]).toMatch(
    /^windows\/a\.parquet: cannot read Parquet/,
  );
  const { rows, problems } = await readRejected(store);
  expect(rows).toEqual([{ partition: 0, offset: 1, reason: "x" }]);
  expect(problems).toEqual(["rejected/a.jsonl: line 2 is not a JSON object"]);
});
