import type { Value } from "../event.js";
import type { PriceFormat } from "../schema/price-format.js";
import { ownAddresses, type Config } from "../shared/config.js";
import type { Notify } from "../shared/notify.js";
import type { Source } from "../source/source.js";
import type { Options } from "./options.js";

/**
 * Opens the format of a run.
 *
 * @param signal aborts when the run is to stop: it then waits no longer for a registry that is away
 * @returns undefined for plain JSON, which needs no registry
 * @throws LabError if the registry is unavailable, or refuses the lab's schema
 */
export async function openFormat(
  { format }: Options,
  { schemaRegistryUrl, stack }: Config,
  root: string,
  notify: Notify,
  signal: AbortSignal,
): Promise<PriceFormat | undefined> {
  if (format === "json") return undefined;
  const { openPriceFormat } = await import("../schema/price-format.js");
  const { openRegistry } = await import("../schema/registry.js");
  const registry = openRegistry(schemaRegistryUrl ?? ownAddresses(stack).registry, {
    notify,
    signal,
    setting: "SCHEMA_REGISTRY_URL",
    remedy:
      schemaRegistryUrl === undefined
        ? "npx tsx scripts/stack.ts up registry"
        : "check SCHEMA_REGISTRY_URL",
  });
  return openPriceFormat(format, registry, root);
}

/** A source whose messages are encoded as they are read. */
export const encodedSource = (source: Source, format: PriceFormat | undefined): Source<Value> => {
  if (format === undefined) return source;
  return {
    ...source,
    async *messages(signal) {
      for await (const piece of source.messages(signal)) yield piece.map(format.encode);
    },
  };
};
