import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { LabError } from "../../labs/shared/errors.js";
import { readConfig } from "../../labs/shared/config.js";
import { lockFile, lockHolder } from "../../labs/shared/lock.js";
import { lockOutput } from "../../labs/run/output-folder.js";
import { openStack } from "../../labs/stack/stack.js";
import { start } from "../support/command.js";
import { temporaryFolder } from "../support/folder.js";
import type { Round } from "../support/lock-contender.js";

const silent = () => {};

async function contender(): Promise<ChildProcess> {
  const args = ["--import", "tsx", "test/support/lock-contender.ts"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  return child;
}

test("of processes that start at the same moment one has the folder at a time, whatever a dead one left there", async () => {
  const contenders = await Promise.all([contender(), contender(), contender(), contender()]);
  const left = ["", "1", String(process.pid), "99999999", "{", `${contenders[0]!.pid}`];
  const folder = await temporaryFolder();
  const journal = join(folder, "journal");
  let kills = 0;
  for (let round = 0; round < 120; round++) {
    // Every sixth round begins with what another version or a crash left; the others with what the last round left.
    if (round % 6 === 0) await writeFile(join(folder, ".lock"), left[(round / 6) % left.length]!);
    await writeFile(journal, "");
    const victim = round % 5 === 0 ? (round / 5) % contenders.length : undefined;
    const ends = contenders.map((child, index) => {
      const dies = index === victim;
      child.send({ folder, journal, holdMs: round % 4, dies } satisfies Round);
      return once(child, dies ? "exit" : "message");
    });
    await Promise.all(ends);
    const lines = (await readFile(journal, "utf8")).trimEnd().split("\n");
    const entered = lines.filter((line) => line.startsWith("enter"));
    expect(new Set(entered).size).toBe(contenders.length);
    const inTurn = entered.flatMap((line) => [line, line.replace("enter", "leave")]);
    expect(lines, `round ${round}`).toEqual(inTurn);
    if (victim !== undefined) {
      kills++;
      contenders[victim] = await contender();
    }
  }
  expect(kills).toBe(24);
}, 240_000);

test("a lock is not given twice, not even within a process, and names who has it", async () => {
  const path = join(await temporaryFolder(), "lock");
  const lock = (await lockFile(path))!;
  expect(await lockFile(path)).toBeUndefined();
  expect(await lockFile(path, 50)).toBeUndefined();
  expect(await lockHolder(path)).toBe(`process ${process.pid}`);
  const waiting = lockFile(path, 30_000);
  await lock.release();
  const next = (await waiting)!;
  expect(next).toBeDefined();
  await next.release();
  expect(await lockHolder(path)).toBe("");
  await writeFile(path, "7 elsewhere\n");
  expect(await lockHolder(path)).toBe("process 7 on elsewhere");
});

test("waiting ends when the signal aborts", async () => {
  const path = join(await temporaryFolder(), "lock");
  const lock = await lockFile(path);
  const abort = new AbortController();
  const waiting = lockFile(path, 600_000, abort.signal);
  abort.abort();
  expect(await waiting).toBeUndefined();
  await lock!.release();
});

test("a folder that cannot be locked is an error in words", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "taken/.lock"), { recursive: true });
  await writeFile(join(folder, "file"), "");
  for (const [name, message] of [
    ["taken", /^cannot write .*taken\/\.lock: it is a folder, not a file; choose another --out$/],
    ["file", /^cannot write to .*file: a file of that name exists; choose/],
    ["/proc/none", /^cannot write to \/proc\/none: no folder can be created there; choose/],
    ["file/below", /^cannot write to .*below: a part of the path is a file, not a folder; choose/],
  ] as const) {
    const failure = await lockOutput(resolve(folder, name), silent).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(LabError);
    expect((failure as LabError).message).toMatch(message);
  }
  // The kernel's own file system is read-only below /sys/kernel/debug and the like, for root too.
  const failure = await lockOutput("/sys/kernel", silent).catch((error: unknown) => error);
  expect((failure as LabError).message).toMatch(/^cannot write to \/sys\/kernel: .*; choose/);
});

test("three runs that start at once on the folder of a killed one end one after the other, with its products whole", async () => {
  const out = await temporaryFolder();
  const args = ["--source", "market", "--events", "3000", "--batch", "100", "--out", out];
  const first = start("scripts/run-pipeline.ts", args);
  const commits = () => readdir(join(out, "checkpoint/commits")).catch((): string[] => []);
  while ((await commits()).length < 3) await sleep(5);
  first.child.kill("SIGKILL");
  await first.result;
  const runs = [1, 2, 3].map(() => start("scripts/run-pipeline.ts", args).result);
  const results = await Promise.all(runs);
  for (const { code, stderr } of results) expect(code, stderr).toBe(0);
  const idle = results.filter(({ stderr }) => stderr.includes("nothing left to do"));
  expect(idle).toHaveLength(2);
  for (const { stderr } of idle) {
    expect(stderr).toMatch(/waiting for another run( \(process \d+\))? to end/);
  }
});

test("Ctrl-C ends a run that waits for another one, and a run that has not begun claims nothing", async () => {
  const out = await temporaryFolder();
  const unlock = await lockOutput(out, silent);
  const { child, result } = start("scripts/run-pipeline.ts", ["--out", out]);
  child.stderr!.on("data", (text) => {
    if (String(text).includes("waiting for")) child.kill("SIGINT");
  });
  const { code, stderr } = await result;
  expect(code).toBe(130);
  expect(stderr.trimEnd().split("\n").at(-1)).toBe("stopped before the first batch");
  expect(stderr).not.toMatch(/is using|stopping/);
  await unlock();
});

test("the start of a service says what it waits for, where another command keeps it", async () => {
  const root = await temporaryFolder();
  const stack = openStack(root, readConfig({ LAB_STACK_DIR: root }).stack);
  await mkdir(stack.places.run, { recursive: true });
  const lock = await lockFile(join(stack.places.run, "zookeeper.lock"));
  let notify: (notice: string) => void;
  const said = new Promise<string>((resolve) => (notify = resolve));
  const starting = stack.start("zookeeper", notify!);
  expect(await said).toBe(
    `waiting for another command (process ${process.pid}) that is starting zookeeper`,
  );
  await lock!.release();
  await expect(starting).rejects.toThrow(); // nothing is installed below the root
});
