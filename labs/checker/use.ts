import { rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { findExercise } from "../exercises/manifest.js";
import type { Store } from "../store/store.js";
import { LAB_RULES, type Rules } from "../stream/rules.js";
import { NO_WATERMARK } from "../stream/watermark.js";
import { stubPath } from "./places.js";
import { openProgress } from "./progress.js";
import { startRunner } from "./runner.js";

// A learner's answers in the real pipeline, in place of the lab's own functions.

/** What the exercises that the pipeline can use look like: the types of their stubs. */
interface Answers {
  "08-tumbling-window": { windowStart(timeMs: number, windowMs: number): number };
  "09-sliding-windows": {
    windowStarts(timeMs: number, windowMs: number, slideMs: number): number[];
  };
  "10-watermark": {
    nextWatermark(
      watermarkMs: number | null,
      eventTimesMs: number[],
      delayMs: number,
    ): number | null;
  };
  "11-late-or-not": {
    openWindows(starts: number[], windowMs: number, watermarkMs: number | null): number[];
  };
  "12-mean-and-deviation": { spreadOf: NonNullable<Rules["spreadOf"]> };
  "16-atomic-batch-sink": {
    writeBatch(files: Files, batchId: number, rows: readonly string[]): Promise<void>;
  };
}
type Usable = keyof Answers;

interface Files {
  write(name: string, content: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

const USABLE: readonly Usable[] = [
  "08-tumbling-window",
  "09-sliding-windows",
  "10-watermark",
  "11-late-or-not",
  "12-mean-and-deviation",
  "16-atomic-batch-sink",
];

/** The part of the pipeline that a learner has written. */
export interface LearnersParts {
  rules: Rules;
  /** The store, written as exercise 16 writes; the same one where that is not solved. */
  writing(store: Store): Store;
  /** The exercises that are in use, and those that are not solved. */
  inUse: string[];
  unsolved: string[];
}

const orNull = (watermarkMs: number) => (watermarkMs === NO_WATERMARK ? null : watermarkMs);

/** Checks the exercises that the pipeline can use, and puts those together that pass. */
export async function learnersParts(root: string): Promise<LearnersParts> {
  const progress = await openProgress(root);
  const runner = startRunner(root);
  const solved: Partial<Answers> = {};
  try {
    for (const name of USABLE) {
      const { status } = await progress.verdictOn(findExercise(name)!, runner);
      if (status !== "passed") continue;
      const url = pathToFileURL(resolve(stubPath(root, name))).href;
      Object.assign(solved, { [name]: await import(url) });
    }
  } finally {
    runner.close();
  }
  const sink = solved["16-atomic-batch-sink"];
  return {
    rules: rulesOf(solved),
    writing: (store) => (sink === undefined ? store : writtenBy(sink, store)),
    inUse: USABLE.filter((name) => name in solved),
    unsolved: USABLE.filter((name) => !(name in solved)),
  };
}

/** The lab's rules with the learner's in their place, where there are any. */
function rulesOf(solved: Partial<Answers>): Rules {
  const rules: Rules = { ...LAB_RULES };
  const tumbling = solved["08-tumbling-window"];
  const sliding = solved["09-sliding-windows"];
  const watermark = solved["10-watermark"];
  const late = solved["11-late-or-not"];
  const spread = solved["12-mean-and-deviation"];
  if (sliding !== undefined) {
    const startsOf = sliding.windowStarts;
    rules.earliestWindowStart = ({ windowMs, slideMs }, timeMs) =>
      startsOf(timeMs, windowMs, slideMs)[0]!;
    rules.latestWindowStart = ({ windowMs, slideMs }, timeMs) =>
      startsOf(timeMs, windowMs, slideMs).at(-1)!;
  }
  if (tumbling !== undefined) {
    // The last window of a time begins where a tumbling one as long as the slide does.
    rules.latestWindowStart = ({ slideMs }, timeMs) => tumbling.windowStart(timeMs, slideMs);
  }
  if (watermark !== undefined) {
    rules.nextWatermark = (watermarkMs, maxEventTimeMs, delayMs) => {
      const times = maxEventTimeMs === -Infinity ? [] : [maxEventTimeMs];
      return watermark.nextWatermark(orNull(watermarkMs), times, delayMs) ?? NO_WATERMARK;
    };
  }
  if (late !== undefined) {
    rules.isBehind = (windowEndMs, watermarkMs) =>
      late.openWindows([windowEndMs - 1], 1, orNull(watermarkMs)).length === 0;
  }
  if (spread !== undefined) rules.spreadOf = spread.spreadOf;
  return rules;
}

/**
 * A store in a folder of this machine whose files of batches are written in the steps that the exercise takes: it decides
 * under which name the bytes go first and when they are renamed. Other files are written as ever.
 */
function writtenBy({ writeBatch }: Answers["16-atomic-batch-sink"], store: Store): Store {
  return {
    ...store,
    async write(path, content) {
      const batch = /^(.*\/)part-(\d+)(\.\w+)$/.exec(path);
      if (batch === null || !(typeof content === "string" || content instanceof Uint8Array)) {
        return store.write(path, content);
      }
      const [, folder, number, ending] = batch;
      // The exercise names a file part-7.txt, the pipeline part-00000007.parquet.
      const own = `part-${Number(number)}.txt`;
      const place = (name: string) =>
        join(store.root, folder!, name.replace(own, `part-${number}${ending}`));
      const files: Files = {
        write: (name) => writeFile(place(name), content),
        rename: (from, to) => rename(place(from), place(to)),
      };
      await writeBatch(files, Number(number), ["the rows of the batch"]);
    },
  };
}
