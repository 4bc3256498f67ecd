import { readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { localStore } from "../../labs/store/local.js";
import {
  createProducts,
  emptyOutput,
  writeBatch,
  type BatchOutput,
  type PriceRow,
  type WindowRow,
} from "../../labs/store/products.js";
import { formatTime } from "../../labs/shared/time.js";
import { temporaryFolder } from "../support/folder.js";
import {
  differences,
  liveDifferences,
  readProducts,
  unclearRefusal,
  type LiveRun,
  type Strictness,
} from "./judge.js";

// A judge that cannot find anything is worth nothing: here it is shown products that are wrong in every way.

const MINUTE_MS = 60_000;

const priceRow = (second: number, price_usd: number, asset = "bitcoin"): PriceRow => {
  return { asset, price_usd, event_time: Date.UTC(2025, 0, 1) + second * 1_000 };
};

const window = (count: number): WindowRow => {
  const start = Date.UTC(2025, 0, 1);
  return {
    asset: "bitcoin",
    window_start: start,
    window_end: start + MINUTE_MS,
    count,
    avg_price: 10.5,
    stddev_price: 0.5,
    min_price: 10,
    max_price: 11,
    first_price: 10,
    last_price: 11,
    pct_change: 10,
  };
};

/** Two batches, as a pipeline writes them. */
const BATCHES: readonly BatchOutput[] = [
  {
    ...emptyOutput(0),
    prices: [priceRow(1, 10), priceRow(2, 11), priceRow(2, 11)],
    latest: [{ asset: "bitcoin", price_usd: 11, event_time: priceRow(2, 11).event_time }],
    rejected: [{ topic: "t", partition: 0, offset: 3, reason: "not JSON", raw: "{" }],
  },
  {
    ...emptyOutput(1),
    prices: [priceRow(70, 12)],
    windows: [window(3)],
    changes: [window(3)],
    latest: [{ asset: "bitcoin", price_usd: 12, event_time: priceRow(70, 12).event_time }],
    alerts: [
      {
        id: "moves/1",
        rule: "moves",
        kind: "change",
        asset: "bitcoin",
        time: "then",
        price_usd: 11,
        value: 10,
        text: "it moved",
      },
    ],
  },
];

async function written(batches: readonly BatchOutput[] = BATCHES): Promise<string> {
  const folder = await temporaryFolder();
  const store = localStore(folder);
  await createProducts(store);
  for (const batch of batches) await writeBatch(store, batch);
  return folder;
}

/** What the judge says of products that were written otherwise, or were changed afterwards. */
async function judged(
  strictness: Strictness,
  batches: readonly BatchOutput[],
  change: (folder: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<string> {
  const expected = await readProducts(localStore(await written()));
  const folder = await written(batches);
  await change(folder);
  return differences(expected, await readProducts(localStore(folder)), strictness).join("\n");
}

/** The batches with some rows of one of them replaced. */
const but = (index: number, changed: Partial<BatchOutput>) =>
  BATCHES.map((batch, each) => (each === index ? { ...batch, ...changed } : batch));

const STRICTNESSES: Strictness[] = ["bytes", "files", "rows"];

test.each(STRICTNESSES)("the same products are no difference (%s)", async (strictness) => {
  expect(await judged(strictness, BATCHES)).toBe("");
});

test.each(STRICTNESSES)(
  "a row that is lost, doubled, changed or not expected is told (%s)",
  async (strictness) => {
    const lost = but(0, { prices: [priceRow(1, 10), priceRow(2, 11)] });
    expect(await judged(strictness, lost)).toContain("prices/: rows lost (1)");
    const doubled = but(1, { prices: [priceRow(70, 12), priceRow(70, 12)] });
    expect(await judged(strictness, doubled)).toContain("prices/: rows more than once (1)");
    const price = but(1, { prices: [priceRow(70, 12.5)] });
    expect(await judged(strictness, price)).toContain("prices/: rows that should not be there (1)");
    const count = but(1, { windows: [window(4)] });
    expect(await judged(strictness, count)).toMatch(/windows\/: rows changed \(1\).*"count":4/);
    const twice = but(1, { changes: [window(3), window(3)] });
    expect(await judged(strictness, twice)).toContain("changes/: rows more than once (1)");
    const stale = but(1, { latest: BATCHES[0]!.latest });
    expect(await judged(strictness, stale)).toContain("latest/: rows changed (1)");
    const reason = but(0, { rejected: [{ ...BATCHES[0]!.rejected[0]!, reason: "other" }] });
    expect(await judged(strictness, reason)).toContain("rejected/: rows changed (1)");
    expect(await judged(strictness, but(1, { alerts: [] }))).toContain("alerts/: rows lost (1)");
  },
);

test("numbers may differ by how they were summed where rows are compared, and nowhere else", async () => {
  const rounded = but(1, { windows: [{ ...window(3), avg_price: 10.5 + 1e-12 }] });
  expect(await judged("rows", rounded)).toBe("");
  expect(await judged("bytes", rounded)).toContain("windows/: rows changed (1)");
});

test("infinite numbers are the same as themselves, and as no other", async () => {
  const infinite = but(1, { windows: [{ ...window(3), pct_change: Infinity }] });
  const expected = await readProducts(localStore(await written(infinite)));
  expect(differences(expected, expected, "rows")).toEqual([]);
  const finite = await readProducts(localStore(await written()));
  expect(differences(expected, finite, "rows").join()).toContain("windows/: rows changed (1)");
});

test("a file that is missing, too many, unreadable or reordered is told", async () => {
  const missing = await judged("files", BATCHES, (folder) =>
    rm(join(folder, "windows/part-00000001.parquet")),
  );
  expect(missing).toContain("windows/: files missing (1): part-00000001.parquet");
  expect(missing).toContain("windows/: rows lost (1)");

  const orphan = await judged("files", BATCHES, async (folder) => {
    const other = await written([{ ...emptyOutput(0), latest: [] }]);
    await rename(
      join(other, "prices/part-00000000.parquet"),
      join(folder, "prices/part-00000002.parquet"),
    );
  });
  expect(orphan).toBe("prices/: files that should not be there (1): part-00000002.parquet");

  const cut = await judged("rows", BATCHES, (folder) =>
    truncate(join(folder, "prices/part-00000000.parquet"), 50),
  );
  expect(cut).toMatch(/prices\/: files that cannot be read \(1\): part-00000000/);

  const reordered = but(0, { prices: [priceRow(2, 11), priceRow(1, 10), priceRow(2, 11)] });
  expect(await judged("files", reordered)).toBe(
    "prices/: files with other rows, or in another order (1): part-00000000.parquet",
  );
  expect(await judged("rows", reordered)).toBe("");
});

test("the same rows in other bytes are told where bytes count", async () => {
  const spaced = async (folder: string) => {
    const path = join(folder, "rejected/part-00000000.jsonl");
    await writeFile(path, (await readFile(path, "utf8")).replaceAll(',"', ', "'));
  };
  expect(await judged("bytes", BATCHES, spaced)).toContain("the same rows in other bytes (1)");
  expect(await judged("files", BATCHES, spaced)).toBe("");
});

const value = (second: number, price: number) =>
  JSON.stringify({
    asset: "bitcoin",
    price_usd: price,
    event_time: formatTime(priceRow(second, 0).event_time),
  });

/** A run of a live feed that lost its third ticker to a kill, with products as they must be. */
async function liveRun(batches: readonly BatchOutput[]): Promise<LiveRun> {
  const { event_time: eventTimeMs } = priceRow(70, 12);
  return {
    sent: [value(1, 10), value(2, 11), value(3, 99), value(70, 12)],
    sentBeforeLastRun: 3,
    logged: [value(1, 10), value(2, 11), value(70, 12)],
    products: await readProducts(localStore(await written(batches))),
    windows: { windowMs: MINUTE_MS, slideMs: MINUTE_MS },
    watermarkMs: eventTimeMs,
    changeThreshold: 5,
  };
}
const WINDOW = { ...window(2), stddev_price: Math.sqrt(0.5) };
const LIVE = [
  { ...BATCHES[0]!, prices: [priceRow(1, 10), priceRow(2, 11)], rejected: [] },
  { ...BATCHES[1]!, windows: [WINDOW], changes: [WINDOW] },
];

test("a live run with everything in its place is no difference", async () => {
  expect(liveDifferences(await liveRun(LIVE))).toEqual([]);
});

test("what a live run lost, stored twice, invented or aggregated wrongly is told", async () => {
  const run = await liveRun(LIVE);
  const told = (changed: Partial<LiveRun>) => liveDifferences({ ...run, ...changed }).join("\n");
  const live = async (index: number, changed: Partial<BatchOutput>) =>
    (await liveRun(LIVE.map((batch, each) => (each === index ? { ...batch, ...changed } : batch))))
      .products;

  const lost = await live(1, { prices: [] });
  expect(told({ products: lost })).toContain("against the log: rows lost (1)");
  expect(told({ products: lost })).toContain("sent to the last run but not stored (1)");
  const twice = await live(1, { prices: [priceRow(70, 12), priceRow(70, 12)] });
  expect(told({ products: twice })).toContain("sent once but stored more than once (1)");
  expect(told({ logged: [...run.logged, value(70, 12)] })).toContain("against the log: rows lost");
  const invented = await live(1, { prices: [priceRow(70, 13)] });
  expect(told({ products: invented })).toContain("stored but never sent (1)");
  const changed = await live(1, { windows: [{ ...WINDOW, count: 3 }] });
  expect(told({ products: changed })).toContain("windows/ against prices/: rows changed (1)");
  const none = await live(1, { windows: [] });
  expect(told({ products: none })).toContain("windows/ against prices/: rows lost (1)");
  const marked = await live(1, { changes: [] });
  expect(told({ products: marked })).toContain("changes/ against prices/: rows lost (1)");
  const stale = await live(1, { latest: LIVE[0]!.latest });
  expect(told({ products: stale })).toContain("latest/ against prices/: rows changed (1)");
});

test("a refusal must have exit code 1, name what is wrong, offer a remedy, and be no stack trace", () => {
  const ending = (stderr: string, code: number | null = 1) =>
    unclearRefusal({ code, signal: null, stdout: "", stderr }, ["checkpoint/state/3"]);
  const good = "the checkpoint /out/checkpoint/state/3 is corrupt; start over with --fresh\n";
  expect(ending(good)).toBeUndefined();
  expect(ending(`200 events · 10/s\n${good}`)).toBeUndefined();
  expect(ending(good, 0)).toContain("not exit code 1");
  expect(ending(good, 2)).toContain("not exit code 1");
  expect(ending("Unexpected end of JSON; start over with --fresh")).toContain("names none of");
  expect(ending("/out/checkpoint/state/3: parquet file invalid")).toContain("no remedy");
  expect(ending(`TypeError: x\n    at read (file.ts:3:4)\n${good}`)).toContain("internal error");
  expect(ending("")).toContain("it said: nothing");
});

test("damage of the disk itself is told, whatever the name", async () => {
  const garbage = await judged("rows", BATCHES, (folder) =>
    writeFile(join(folder, "alerts/part-00000001.jsonl"), '{"id":"mo'),
  );
  expect(garbage).toMatch(/alerts\/: files that cannot be read/);
});
