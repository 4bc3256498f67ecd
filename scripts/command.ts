import { CommanderError, type Command } from "commander";
import { LabError, UsageError, errorMessage } from "../labs/shared/errors.js";
import { printableLines } from "../labs/shared/printable.js";

/** Makes a command throw its usage errors instead of ending the process by itself. */
function throwing(command: Command): Command {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const each of command.commands) throwing(each);
  return command;
}

/** Parses arguments. @throws UsageError in one line; ends the process after --help */
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

/** Ends the process as every script of the lab does: 0 done, 1 failed, 2 wrong usage; an error in words. */
export function endWith(main: Promise<void>): void {
  main.then(
    () => process.exit(process.exitCode ?? 0),
    (error: unknown) => {
      if (error instanceof LabError) {
        const hint = error instanceof UsageError ? " (see --help)" : "";
        console.error(printableLines(`${error.message}${hint}`));
        process.exit(error.exitCode);
      }
      console.error(printableLines(`this is a defect of the lab: ${errorMessage(error)}`));
      if (error instanceof Error) console.error(printableLines(error.stack ?? ""));
      process.exit(1);
    },
  );
}
