import { readConfig } from "../../shared/config.js";
import { installCommand, notInstalled } from "../../stack/installation.js";
import { startServices, type ShowStarts } from "../../stack/start.js";
import { openStack } from "../../stack/stack.js";
import type { System } from "./exercises.js";

/**
 * Starts the real systems that the checks of an exercise need, unless they are running. Exercises always use the lab's own
 * systems, even if `KAFKA_BROKERS` and the like name others: they restart brokers, and delete topics and folders.
 *
 * @param root the root of the project in which the systems are installed
 * @param show shows the progress; by default on stderr
 * @returns which systems are not installed, and the command that installs them; undefined if all are running
 * @throws LabError if one cannot start
 */
export async function startNeeds(
  root: string,
  needs: readonly System[],
  show?: ShowStarts,
): Promise<string | undefined> {
  const stack = openStack(root, readConfig().stack);
  const names = stack.select(needs);
  const missing = await notInstalled(stack.places, names);
  if (missing.length > 0) {
    return `skipped: not installed: ${missing.join(", ")}\n  ${installCommand(missing)}`;
  }
  const answering = (await stack.status())
    .filter(({ health }) => health === "answers")
    .map(({ name }) => name);
  const stopped = names.filter((name) => !answering.includes(name));
  if (stopped.length > 0) await startServices(stack, stopped, show);
  return undefined;
}
