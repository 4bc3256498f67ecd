import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { market, parseSummary, runPipelineCommand, start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import { products } from "../support/products.js";
import { receiver } from "../support/receiver.js";

test("killed at random many times and run again, every product is that of an undisturbed run, and the webhook has every alert", async () => {
  const quiet = await temporaryFolder();
  const killed = await temporaryFolder();
  const server = await receiver();
  const rules = (name: string, webhook?: string) => {
    const list = [
      { name: "moves", kind: "change", percent: 0.3 },
      { name: "silent", kind: "silence", after: "700ms" },
      { name: "odd", kind: "anomaly", every: "1s", window: 10, threshold: 4 },
    ];
    return writeFile(join(killed, name), JSON.stringify({ webhook, rules: list }));
  };
  await rules("quiet.json");
  await rules("killed.json", server.url);
  const options = ["--assets", "bitcoin,ethereum,solana,ripple,cardano", "--alerts"];
  expect(
    (await runPipelineCommand(market(quiet, ...options, join(killed, "quiet.json")))).code,
  ).toBe(0);
  const commits = async () =>
    (await readdir(join(killed, "checkpoint/commits")).catch((): string[] => [])).length;
  let kills = 0;
  for (let ended = false; !ended;) {
    const before = await commits();
    const { child, result } = start(
      "scripts/run-pipeline.ts",
      market(killed, ...options, join(killed, "killed.json")),
    );
    void result.then(() => (ended = true));
    // Killed anywhere in the batches that come after the next one.
    while (!ended && kills < 12 && (await commits()) === before) await sleep(2);
    await sleep(Math.random() * 60);
    if (!ended && kills < 12) child.kill("SIGKILL");
    const { code, signal } = await result;
    ended = signal !== "SIGKILL";
    if (ended) expect(code).toBe(0);
    else kills++;
  }
  const last = await runPipelineCommand(
    market(killed, ...options, join(killed, "killed.json"), "--json"),
  );
  expect(last.code, last.stderr).toBe(0);
  expect(parseSummary(last.stdout).ended).toBe(true);
  expect(kills).toBeGreaterThan(3);
  const found = await products(killed);
  expect(found).toEqual(await products(quiet));
  expect(found.alerts.length).toBeGreaterThan(20);
  // At least once: in order, and what came twice did so after a kill.
  const delivered = server.requests.map(({ alert }) => alert);
  const firsts = delivered.filter(
    (alert, index) => delivered.findIndex(({ id }) => id === alert.id) === index,
  );
  expect(firsts).toEqual(found.alerts);
  expect(delivered.length - firsts.length).toBeLessThanOrEqual(kills);
});
