import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "./command.js";
import { damageFile, filesBelow, reuseLock, tearLog } from "./damage.js";
import type { Ending } from "./judge.js";
import type { Fault } from "./round.js";
import { mustBeClear, mustEndWell, parseSummary, type Stage } from "./stage.js";

// Does to the runs of a round what was drawn for it.

type Of<D extends Fault["do"]> = Extract<Fault, { do: D }>;

/** How a start that has to wait for another one may refuse. */
const LOCK_REFUSAL = ["another run", "is using"];
/** What a message about a service that is away may call it: its name, or what starts it. */
const SERVICES_SAID = ["Kafka", "HDFS", "Spark", "NameNode", "DataNode", "safe mode", "stack.ts"];
/** Kilobytes that a disk has again after it was full. */
const LARGE_DISK_KB = 1_024 * 1_024;
const PAGE_BYTES = 4_096;

/** Does one fault, and waits until nothing runs any more. @throws RoundFailure if a run ended as it must not */
export function applyFault(stage: Stage, fault: Fault): Promise<void> {
  switch (fault.do) {
    case "kill":
      return kill(stage, fault);
    case "interrupt":
      return interrupt(stage, fault);
    case "pause":
      return pause(stage, fault);
    case "tear":
      return tear(stage, fault);
    case "lock":
      return reuse(stage);
    case "together":
      return together(stage, fault);
    case "disk":
      return fillDisk(stage, fault);
    case "damage":
      return damage(stage, fault);
    case "service":
      return disturbService(stage, fault);
  }
}

/** Where a run stands. */
async function place(stage: Stage): Promise<string> {
  const batch = await stage.lastCommit();
  return batch < 0 ? "before the first commit" : `after batch ${batch}`;
}

async function takeSnapshot(stage: Stage, what: string): Promise<void> {
  if (!stage.isLive) return;
  const committed = await stage.lastCommit();
  const files = [...(await stage.digests())].filter(
    ([path]) => Number(/part-(\d+)\./.exec(path)?.[1] ?? Infinity) <= committed,
  );
  stage.snapshots.push({ what, files: new Map(files) });
}

async function killNow(stage: Stage, command: Command, what: string): Promise<void> {
  command.signal("SIGKILL");
  const ending = await command.result;
  if (ending.signal !== "SIGKILL") return mustEndWell(ending, "a run before its kill");
  const detail = await place(stage);
  stage.kills++;
  stage.done.push({ what, detail });
  await takeSnapshot(stage, `a kill ${detail}`);
}

async function kill(stage: Stage, { at }: Of<"kill">): Promise<void> {
  const command = stage.start();
  if (await stage.reached(command, at)) return killNow(stage, command, "kill -9");
  mustEndWell(await command.result, "a run before its kill");
}

async function interrupt(stage: Stage, { at }: Of<"interrupt">): Promise<void> {
  const command = stage.start();
  const inTime = await stage.reached(command, at);
  command.signal("SIGINT");
  const ending = await command.result;
  // Before its first batch Ctrl-C ends the command like any program; and a feed may not have answered yet.
  const isEarly = ending.signal === "SIGINT" || ending.code === 130;
  const isUnanswered = ending.code === 1 && ending.stderr.includes("nothing was received");
  if (!isEarly && !isUnanswered) mustEndWell(ending, "a run ended by Ctrl-C");
  if (!inTime) return;
  stage.done.push({ what: "Ctrl-C", detail: await place(stage) });
  await takeSnapshot(stage, "Ctrl-C");
}

async function pause(stage: Stage, { at, forMs, thenKill }: Of<"pause">): Promise<void> {
  const command = stage.start();
  if (!(await stage.reached(command, at))) {
    return mustEndWell(await command.result, "a run before its pause");
  }
  command.signal("SIGSTOP");
  await sleep(forMs);
  stage.done.push({ what: "pause", detail: `${forMs} ms ${await place(stage)}` });
  if (thenKill) return killNow(stage, command, "kill -9 of a paused run");
  command.signal("SIGCONT");
  if (stage.isLive) {
    // It would not end by itself.
    await sleep(200);
    return killNow(stage, command, "kill -9 after a pause");
  }
  mustEndWell(await command.result, "a run after a pause");
}

async function tear(stage: Stage, fault: Of<"tear">): Promise<void> {
  const path = await tearLog(stage.out, fault);
  if (path === undefined) return;
  const what = `torn log: ${fault.isCut ? "last record cut" : "half a record more"}`;
  stage.done.push({ what, detail: path });
  // A crash of the process leaves half a record more, no less than was there.
  if (fault.isCut) stage.damaged = path;
}

async function reuse({ out, lastPid, done }: Stage): Promise<void> {
  if (!(await reuseLock(out, lastPid, 1))) return;
  done.push({ what: "lock: process id re-used", detail: `${lastPid} is now 1` });
}

async function together(stage: Stage, fault: Of<"together">): Promise<void> {
  const { starts, kill: killAt, pauseFirst } = fault;
  const commands = Array.from({ length: starts }, () => stage.start());
  const [first] = commands;
  if (pauseFirst && (await stage.reached(first!, { by: "time", at: 0.3, laterMs: 0 }))) {
    first!.signal("SIGSTOP");
    await sleep(500);
    first!.signal("SIGCONT");
  }
  if (killAt !== null) {
    // At the moment that whichever of them runs has come to.
    await Promise.all(commands.map((command) => stage.reached(command, killAt)));
    for (const command of commands) command.signal("SIGKILL");
  }
  let added = 0;
  for (const ending of await Promise.all(commands.map(({ result }) => result))) {
    if (ending.signal === "SIGKILL") stage.kills++;
    else if (ending.code === 0) added += parseSummary(ending).newRecords;
    else mustBeClear(stage, ending, "one of several starts", LOCK_REFUSAL);
  }
  // The source yields each record once, and hostile lines beside its events.
  if (added > stage.expected!.prices.length + 1.5 * stage.round.source.events) {
    stage.problems.push(`${starts} starts together read ${added} records: two ran at once`);
  }
  const detail = killAt === null ? "to the end" : `killed ${await place(stage)}`;
  stage.done.push({ what: "several starts at once", detail: `${starts}, ${detail}` });
}

/** How much an undisturbed run has written, and its largest file, kilobytes. */
async function writtenKilobytes(folder: string): Promise<{ all: number; largest: number }> {
  let all = 0;
  let largest = 0;
  for (const path of await filesBelow(folder)) {
    const { size } = await stat(path);
    // A file takes whole pages of a small disk.
    all += (Math.ceil(size / PAGE_BYTES) * PAGE_BYTES) / 1_024;
    largest = Math.max(largest, Math.ceil(size / 1_024));
  }
  return { all, largest };
}

async function fillDisk(stage: Stage, { way, at }: Of<"disk">): Promise<void> {
  const { disk, out, quiet } = stage;
  const { all, largest } = await writtenKilobytes(quiet);
  let ending: Ending;
  if (way === "small disk" && disk !== undefined) {
    if (!(await disk.resize(Math.max(64, Math.ceil(at * all))))) return; // it holds more already
    ending = await stage.start().result;
    await disk.resize(LARGE_DISK_KB);
  } else {
    ending = await stage.start([], Math.max(1, Math.ceil(at * largest))).result;
  }
  if (ending.code === 0) return;
  const what = `full disk (${disk === undefined ? "file limit" : way})`;
  stage.done.push({ what, detail: await place(stage) });
  mustBeClear(stage, ending, "a run on a full disk", [out]);
}

async function damage(stage: Stage, fault: Of<"damage">): Promise<void> {
  const path = await damageFile(stage.out, fault);
  if (path === undefined) return;
  stage.done.push({ what: `${fault.place}: ${fault.harm}`, detail: path });
  stage.damaged = path;
}

async function disturbService(stage: Stage, fault: Of<"service">): Promise<void> {
  const { name, how, at, forMs } = fault;
  const services = stage.services!;
  const command = stage.start();
  if (!(await stage.reached(command, at))) {
    return mustEndWell(await command.result, `a run before the ${how} of ${name}`);
  }
  if (await services.signal(name, how === "kill" ? "SIGKILL" : "SIGSTOP")) {
    if (how === "kill") stage.kills++;
    stage.done.push({ what: `${name}: ${how}`, detail: await place(stage) });
  }
  await sleep(forMs);
  if (how === "pause") await services.signal(name, "SIGCONT");
  await services.restore();
  const ending = await command.result;
  if (ending.code === 0) return;
  mustBeClear(stage, ending, `a run during the ${how} of ${name}`, SERVICES_SAID);
}
