import { createInterface } from "node:readline/promises";
import { UsageError } from "./errors.js";

/** Asks a yes-or-no question on the terminal; anything but yes means no. @throws UsageError if nobody can answer */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError("this asks for confirmation: run it in a terminal, or add --yes");
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question(`${question} [y/N] `);
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}
