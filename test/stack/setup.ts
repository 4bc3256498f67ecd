import { SERVICE_NAMES } from "../../labs/stack/service.js";
import { upStack } from "../../labs/stack/up.js";
import { stack } from "./environment.js";

/** Starts the tests' own stack from nothing; afterwards ends it and removes its data. */
export default async function setup(): Promise<() => Promise<void>> {
  async function down(): Promise<void> {
    for (const name of [...SERVICE_NAMES].reverse()) await stack.stop(name);
    await stack.reset(SERVICE_NAMES);
  }
  await down(); // what an interrupted run left
  await upStack(stack, SERVICE_NAMES, "crypto_prices");
  return down;
}
