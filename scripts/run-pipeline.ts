import "../setup/ready.cjs"; // before all else: the version of Node
import { pipelineCommand, pipelineOptions, type Options } from "../labs/run/options.js";
import { openOutput } from "../labs/run/output.js";
import { openRun, type LearnersParts, type Outcome } from "../labs/run/run.js";
import { stopOnSignals } from "../labs/run/stop.js";
import { openTerminal, type Terminal } from "../labs/run/terminal.js";
import { formatVerification, verifyOutput } from "../labs/run/verify.js";
import { readConfig, type Config } from "../labs/shared/config.js";
import { LabError } from "../labs/shared/errors.js";
import { formatSummary } from "../labs/view/report/summary.js";
import { ROOT, endWith, parseArguments } from "./command.js";

async function main(argv: string[]): Promise<void> {
  const terminal = openTerminal();
  const command = pipelineCommand();
  await parseArguments(command, argv);
  const options = pipelineOptions(command, terminal.notify);
  const config = readConfig();
  if (options.verify) return verify(options, config, terminal);
  const stop = stopOnSignals(terminal.notify);
  const learners = options.useExercises ? await useExercises(terminal) : undefined;
  const run = await openRun(options, config, ROOT, stop, terminal, learners);
  try {
    const outcome = await run.toEnd();
    print(outcome, options);
    reportEnd(outcome, options, terminal);
    await run.keepPage();
  } finally {
    await run.close();
  }
}

/** Loads the learner's solved exercises and announces which are used. */
async function useExercises({ notify }: Terminal): Promise<LearnersParts> {
  const { learnersParts } = await import("../labs/course/checker/use.js");
  notify("checking the exercises that the pipeline can use …");
  const parts = await learnersParts(ROOT);
  notify(`using your code: ${parts.inUse.join(", ") || "none"}`);
  if (parts.unsolved.length > 0) {
    notify(`using the lab's own code where yours is not solved: ${parts.unsolved.join(", ")}`);
  }
  return parts;
}

/** Reports whether the products are as committed; if not, the exit code is 1. */
async function verify(options: Options, config: Config, { notify }: Terminal): Promise<void> {
  const output = await openOutput(options, config, ROOT, notify);
  const verification = await verifyOutput(output, notify);
  const { store } = output;
  console.log(
    options.json ? JSON.stringify(verification) : formatVerification(store, verification),
  );
  if (verification.problems.length > 0) process.exitCode = 1;
}

function print({ summary, topic, products, report }: Outcome, { json, log }: Options): void {
  if (json) {
    console.log(JSON.stringify(summary));
    return;
  }
  console.log(formatSummary(summary));
  if (log === "kafka") console.log(`topic: ${topic}`);
  console.log(`products: ${products}`);
  console.log(`report: ${report}`);
}

/** @throws LabError if a live source never answered */
function reportEnd({ status, source }: Outcome, { follow }: Options, { notify }: Terminal): void {
  const unreached = source.unreached?.();
  if (source.finite && status.ended && status.batchesNow === 0 && !follow) {
    notify(`nothing left to do: ${source.name} was already read to its end (--fresh starts over)`);
  } else if (unreached !== undefined) {
    throw new LabError(unreached);
  } else if (!status.ended || follow) {
    const places = status.offsets.map((offset, partition) => `${partition}:${offset}`).join(", ");
    notify(`stopped; the same command continues from here (partition:offset ${places})`);
  }
}

endWith(main(process.argv.slice(2)));
