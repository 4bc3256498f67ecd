import { sum } from "../../labs/run/pipeline.js";
import { SERVICE_NAMES } from "../../labs/stack/service.js";
import { inSeconds, say, timed, type Benchmark } from "./benchmark.js";

export const stackStart: Benchmark = {
  name: "start",
  help: "cold start of the stack until every service answers (restarts it)",
  async measure(bench) {
    const { stack } = bench.stack();
    say("starting the stack from cold …");
    for (const name of [...SERVICE_NAMES].reverse()) await stack.stop(name);
    await stack.prepare(SERVICE_NAMES);
    const upMs = await timed(() => Promise.all(SERVICE_NAMES.map((name) => stack.start(name))));
    const memory = sum((await stack.status()).map(({ memoryBytes }) => memoryBytes ?? 0));
    const value = `${inSeconds(upMs)}, ${Math.round(memory / 1e6)} MB`;
    return [{ what: "stack: five processes answer", value }];
  },
};
