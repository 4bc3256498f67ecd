import "../setup/ready.cjs"; // before all else: the version of Node
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { runChapters } from "../labs/course/chapters/run.js";
import { UsageError } from "../labs/shared/errors.js";
import { ROOT, endWith, parseArguments } from "./command.js";

const plotlyPath = fileURLToPath(import.meta.resolve("plotly.js/dist/plotly.min.js"));

const program = new Command("notebooks")
  .description(
    "Runs the chapters from top to bottom on the lab's kernel and writes them back with their outputs and a picture of every plot.",
  )
  .argument("[chapters...]", "the chapters to run, such as 01 03 (default: all)")
  .option(
    "--check",
    "do not write; fail if a chapter throws, writes to stderr, runs too long, or its output differs from the committed one",
    false,
  )
  // A chapter takes less than a minute; on a busy machine it may take longer.
  .option("--limit <seconds>", "time limit per chapter", "90")
  .action(async (wanted: string[], { check, limit }: { check: boolean; limit: string }) => {
    const limitSeconds = Number(limit);
    if (!(limitSeconds > 0))
      throw new UsageError(`--limit takes a number of seconds, not ${limit}`);
    const count = await runChapters(ROOT, wanted, { check, limitSeconds, plotlyPath });
    const chapters = count === 1 ? "1 chapter" : `${count} chapters`;
    console.log(`${chapters} ${check ? "as committed" : "written"}`);
  });

endWith(parseArguments(program, process.argv.slice(2)));
