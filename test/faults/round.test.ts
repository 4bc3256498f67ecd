import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WINDOW_COLUMNS } from "../../labs/store/products.js";
import { encodeParquet } from "../../labs/store/parquet.js";
import { localStore } from "../../labs/store/local.js";
import { windowSpec } from "../../labs/stream/window.js";
import { start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { startPipeline } from "./command.js";
import { unclearRefusal } from "./judge.js";
import { HARMS, PLACES, damageFile, reuseLock, tearLog } from "./damage.js";
import { drawRound, THEMES } from "./round.js";
import { drawnTape } from "./tape.js";

const seed = fc.nat(2 ** 31 - 1);

test("a round depends on its seed and number alone, and its settings are ones that the pipeline takes", () => {
  fc.assert(
    fc.property(seed, fc.nat(1_000), fc.boolean(), (of, number, services) => {
      const round = drawRound(of, number, services);
      expect(drawRound(of, number, services)).toEqual(round);
      expect(JSON.parse(JSON.stringify(round))).toEqual(JSON.parse(JSON.stringify(round)));
      windowSpec(round.windowMs, round.slideMs);
      expect(Number.isInteger(round.watermarkMs) && round.watermarkMs >= 0).toBe(true);
      expect(round.batch).toBeGreaterThan(0);
      expect(round.faults.length).toBeGreaterThan(0);
    }),
  );
});

test("a campaign comes to every theme and every fault", () => {
  const embedded = Array.from({ length: 400 }, (_, number) => drawRound(1, number, false));
  expect(new Set(embedded.map(({ theme }) => theme))).toEqual(new Set(THEMES));
  const faults = new Set(embedded.flatMap((round) => round.faults.map((fault) => fault.do)));
  expect([...faults].sort()).toEqual(
    ["damage", "disk", "interrupt", "kill", "lock", "pause", "tear", "together"].sort(),
  );
  const onServices = Array.from({ length: 100 }, (_, number) => drawRound(1, number, true));
  expect(new Set(onServices.map(({ engine }) => engine))).toEqual(new Set(["ts", "spark"]));
  const disturbed = onServices.flatMap(({ faults: list }) =>
    list.flatMap((fault) => (fault.do === "service" ? [fault.name] : [])),
  );
  expect(new Set(disturbed).size).toBe(5);
});

test("a drawn tape is the same for the same draws", async () => {
  const draws = Array.from({ length: 60 }, (_, number) => drawRound(3, number, false));
  const tapes = draws.flatMap(({ source }) => (source.kind === "drawn tape" ? [source] : []));
  const { options } = tapes.find(({ options: { hostile } }) => hostile > 0)!;
  const small = { ...options, events: 2_000, hostile: 0.05 };
  const tape = await drawnTape(small);
  expect(await drawnTape(small)).toBe(tape);
  expect(await drawnTape({ ...small, seed: small.seed + 1 })).not.toBe(tape);
});

/** An output folder with a file of each kind. */
async function output() {
  const folder = await temporaryFolder();
  const store = localStore(folder);
  await store.write("prices/part-0.parquet", await encodeParquet(WINDOW_COLUMNS, []));
  await store.write("checkpoint/offsets/0", "v1\n{}\n");
  await store.write("log/crypto_prices-0.log", "0\t7\tbitcoin\tone\n1\t7\tbitcoin\ttwo\n");
  await store.write(".lock", "4711");
  return folder;
}

test.each(PLACES.flatMap((place) => HARMS.map((harm) => ({ place, harm }))))(
  "$harm damages a file of the $place and says which",
  async ({ place, harm }) => {
    const folder = await output();
    const before = new Map<string, Buffer>();
    for (const entry of await readdir(folder, { recursive: true })) {
      if ((await stat(join(folder, entry))).isFile())
        before.set(entry, await readFile(join(folder, entry)));
    }
    const path = await damageFile(folder, { place, harm, file: 0.3, position: 0.6 });
    expect(before.has(path!)).toBe(true);
    for (const [name, content] of before) {
      const now = await readFile(join(folder, name)).catch(() => undefined);
      if (name === path) expect(now).not.toEqual(content);
      else expect(now).toEqual(content);
    }
  },
);

test("a torn log ends in a part of a record, a re-used lock names the other process", async () => {
  const folder = await output();
  const log = join(folder, "log/crypto_prices-0.log");
  const whole = await readFile(log, "utf8");
  await tearLog(folder, { which: 0, position: 0.5, isCut: false });
  const more = await readFile(log, "utf8");
  expect(more.startsWith(whole) && !more.endsWith("\n") && more.length > whole.length).toBe(true);
  const cut = await output();
  await tearLog(cut, { which: 0, position: 0.5, isCut: true });
  const less = await readFile(join(cut, "log/crypto_prices-0.log"), "utf8");
  expect(whole.startsWith(less) && less.length < whole.length && !less.endsWith("\n")).toBe(true);
  expect(await reuseLock(cut, 4711, 1)).toBe(true);
  expect(await readFile(join(cut, ".lock"), "utf8")).toBe("1");
  expect(await reuseLock(cut, 4711, 1)).toBe(false);
});

test("a run that the disk has no room for names the file and says what to do", async () => {
  const out = await temporaryFolder();
  const ending = await startPipeline(["--source", "market", "--out", out], {}, 200).result;
  expect(unclearRefusal(ending, [out])).toBeUndefined();
});

test("wrong usage of the campaign ends with exit code 2 and one line", async () => {
  for (const args of [["--minutes", "0"], ["--only", "weather"], ["--seed", "x"], ["more"]]) {
    const { code, stderr } = await start("scripts/faults.ts", args).result;
    expect(code, args.join(" ")).toBe(2);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  }
});
