import { SERVICE_NAMES } from "../../labs/stack/service.js";
import { startServices } from "../../labs/stack/start.js";
import { stack } from "./environment.js";

/** Starts the tests' stack without data; afterwards stops it and removes its data. */
export default async function setup(): Promise<() => Promise<void>> {
  async function down(): Promise<void> {
    for (const name of [...SERVICE_NAMES].reverse()) await stack.stop(name);
    await stack.reset(SERVICE_NAMES);
  }
  await down(); // removes what an interrupted run left
  await startServices(stack, SERVICE_NAMES);
  return down;
}
