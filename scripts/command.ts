import { fileURLToPath } from "node:url";
import { CommanderError, type Command } from "commander";
import { LabError, UsageError, errorMessage } from "../labs/shared/errors.js";
import { printableLines } from "../labs/shared/printable.js";

/** The project's root. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** Makes a command throw usage errors instead of exiting. */
function throwing(command: Command): Command {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const each of command.commands) throwing(each);
  return command;
}

/** Parses arguments; exits after --help. @throws UsageError with a message in one line */
export async function parseArguments(program: Command, argv: string[]): Promise<void> {
  try {
    await throwing(program).parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) process.exit(0);
    if (error.code === "commander.help") throw new UsageError("a command is missing");
    throw new UsageError(error.message.replace(/^error: /, "").replaceAll("\n", " "));
  }
}

/** Exits when `main` has ended, with 0 (done), 1 (failed) or 2 (usage error), and prints its error. */
export function endWith(main: Promise<void>): void {
  main.then(
    () => process.exit(process.exitCode ?? 0),
    (error: unknown) => {
      if (error instanceof LabError) {
        const hint = error instanceof UsageError && error.isInHelp ? " (see --help)" : "";
        console.error(printableLines(`${error.message}${hint}`));
        process.exit(error.exitCode);
      }
      console.error(printableLines(`internal error, please report it: ${errorMessage(error)}`));
      if (error instanceof Error) console.error(printableLines(error.stack ?? ""));
      process.exit(1);
    },
  );
}
