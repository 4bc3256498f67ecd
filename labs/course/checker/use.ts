import { rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Files } from "../../exercises/16-atomic-batch-sink.js";
import type { Store } from "../../store/store.js";
import { LAB_SEMANTICS, type Semantics } from "../../stream/semantics.js";
import { findExercise, readExercises } from "./exercises.js";
import { stubPath } from "./places.js";
import { openRecord } from "./record.js";
import { startRunner } from "./runner.js";

// Runs a learner's answers in the real pipeline instead of the lab's own functions.

/** The exercises that the pipeline can use. */
interface Answers {
  "08-tumbling-window": typeof import("../../exercises/08-tumbling-window.js");
  "09-sliding-windows": typeof import("../../exercises/09-sliding-windows.js");
  "10-watermark": typeof import("../../exercises/10-watermark.js");
  "11-late-or-not": typeof import("../../exercises/11-late-or-not.js");
  "12-mean-and-deviation": typeof import("../../exercises/12-mean-and-deviation.js");
  "16-atomic-batch-sink": typeof import("../../exercises/16-atomic-batch-sink.js");
}
type Usable = keyof Answers;

const USABLE: readonly Usable[] = [
  "08-tumbling-window",
  "09-sliding-windows",
  "10-watermark",
  "11-late-or-not",
  "12-mean-and-deviation",
  "16-atomic-batch-sink",
];

/** The parts of the pipeline that a learner has written. */
export interface LearnersParts {
  semantics: Semantics;
  /** A store that writes batches with the answer to exercise 16; the same store if it is not solved. */
  writing(store: Store): Store;
  inUse: string[];
  unsolved: string[];
}

/** Checks the exercises that the pipeline can use and returns the answers that pass, as parts of it. */
export async function learnersParts(root: string): Promise<LearnersParts> {
  const exercises = await readExercises(root);
  const record = await openRecord(root);
  const runner = startRunner(root);
  const solved: Partial<Answers> = {};
  try {
    for (const name of USABLE) {
      const { status } = await record.verdictOn(findExercise(exercises, name), runner);
      if (status !== "passed") continue;
      const url = pathToFileURL(resolve(stubPath(root, name))).href;
      Object.assign(solved, { [name]: await import(url) });
    }
  } finally {
    runner.close();
  }
  const sink = solved["16-atomic-batch-sink"];
  return {
    semantics: semanticsOf(solved),
    writing: (store) => (sink === undefined ? store : writtenBy(sink, store)),
    inUse: USABLE.filter((name) => name in solved),
    unsolved: USABLE.filter((name) => !(name in solved)),
  };
}

/** The lab's semantics, with the learner's functions where they are solved. */
function semanticsOf(solved: Partial<Answers>): Semantics {
  const semantics: Semantics = { ...LAB_SEMANTICS };
  const tumbling = solved["08-tumbling-window"];
  const sliding = solved["09-sliding-windows"];
  const watermark = solved["10-watermark"];
  const late = solved["11-late-or-not"];
  const spread = solved["12-mean-and-deviation"];
  if (sliding !== undefined) {
    const startsOf = sliding.windowStarts;
    semantics.earliestWindowStart = ({ windowMs, slideMs }, timeMs) =>
      startsOf(timeMs, windowMs, slideMs)[0]!;
    semantics.latestWindowStart = ({ windowMs, slideMs }, timeMs) =>
      startsOf(timeMs, windowMs, slideMs).at(-1)!;
  }
  if (tumbling !== undefined) {
    // The last window that holds a time starts where the tumbling window of length `slideMs` starts.
    semantics.latestWindowStart = ({ slideMs }, timeMs) => tumbling.windowStart(timeMs, slideMs);
  }
  if (watermark !== undefined) {
    semantics.nextWatermark = (watermarkMs, maxEventTimeMs, delayMs) =>
      watermark.nextWatermark(
        watermarkMs,
        maxEventTimeMs === null ? [] : [maxEventTimeMs],
        delayMs,
      );
  }
  if (late !== undefined) {
    semantics.isBehind = (windowEndMs, watermarkMs) =>
      late.openWindows([windowEndMs - 1], 1, watermarkMs).length === 0;
  }
  if (spread !== undefined) semantics.spreadOf = spread.spreadOf;
  return semantics;
}

/**
 * A store in a local folder that writes the files of batches with the learner's function, which decides the name that the
 * bytes are first written to and when the file is renamed. Other files are written as usual.
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
      await store.makeFolder(folder!);
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
