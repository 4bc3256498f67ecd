import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";

// The real kernel, started by Jupyter's own client; a cell goes in as a line of JSON, its outputs come back as one.
const DRIVER = `
import json, queue, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="lab")
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    outputs = {"stdout": "", "stderr": "", "displays": []}
    message = client.execute(request["cell"])
    interrupt = request.get("interruptAfter")
    while True:
        try:
            reply = client.get_iopub_msg(timeout=interrupt or 60)
        except queue.Empty:
            if interrupt is None: raise
            manager.interrupt_kernel()
            interrupt = None
            continue
        if reply["parent_header"].get("msg_id") != message: continue
        kind, content = reply["msg_type"], reply["content"]
        if kind == "stream": outputs[content["name"]] += content["text"]
        if kind == "display_data": outputs["displays"].append(sorted(content["data"]))
        if kind == "status" and content["execution_state"] == "idle": break
    print(json.dumps(outputs), flush=True)
client.stop_channels()
manager.shutdown_kernel()
`;

interface Outputs {
  stdout: string;
  stderr: string;
  displays: string[][];
}

const kernel = spawn(".lab/venv/bin/python", ["-c", DRIVER], {
  env: { ...process.env, JUPYTER_PATH: "setup/jupyter" },
  stdio: ["pipe", "pipe", "inherit"],
});
const answers = createInterface({ input: kernel.stdout })[Symbol.asyncIterator]();
const EDITED = "labs/kernel-test-edited.ts";
const IMPORTER = "labs/kernel-test-importer.ts";

async function run(cell: string, interruptAfter?: number): Promise<Outputs> {
  kernel.stdin.write(`${JSON.stringify({ cell, interruptAfter })}\n`);
  return JSON.parse((await answers.next()).value as string) as Outputs;
}

beforeAll(async () => {
  expect((await answers.next()).value).toBe('"ready"');
});
afterAll(async () => {
  kernel.stdin.end();
  if (kernel.exitCode === null) await once(kernel, "close");
  for (const file of [EDITED, IMPORTER]) await rm(file, { force: true });
});

test("a cell imports labs/ as a notebook beside it would, and awaits at its top", async () => {
  const { stdout, stderr } = await run(`
    import { encodeParquet, decodeParquet } from "../labs/store/parquet.js";
    import { PRICE_COLUMNS } from "../labs/store/products.js";
    const rows = [{ asset: "bitcoin", price_usd: 1, event_time: 5 }];
    console.log(JSON.stringify(await decodeParquet(await encodeParquet(PRICE_COLUMNS, rows))));`);
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe('[{"asset":"bitcoin","price_usd":1,"event_time":5}]');
});

test("the packages of the course load in a cell", async () => {
  const { stdout, stderr } = await run(`
    import kafkajs from "kafkajs";
    import { DataFrame } from "danfojs-node";
    import { connectSpark } from "../labs/spark/client.js";
    import { hdfsStore } from "../labs/store/hdfs.js";
    const frame = new DataFrame([{ a: 1 }, { a: 3 }]);
    console.log(typeof kafkajs.Kafka, frame.column("a").mean(), typeof connectSpark, typeof hdfsStore);`);
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe("function 2 function function");
});

test("cells are checked strictly, and narrow what can be narrowed", async () => {
  const wrong = await run(`const text: string = null;`);
  expect(wrong.stderr).toMatch(/Type 'null' is not assignable to type 'string'/);
  await new Promise((resolve) => setTimeout(resolve, 400)); // tslab drops cells that follow a failed one at once
  const right = await run(`
    type Result = { ok: true; value: number } | { ok: false; reason: string };
    const result = { ok: false, reason: "late" } as Result;
    console.log(result.ok ? result.value : result.reason);`);
  expect(right.stderr).toBe("");
  expect(right.stdout.trim()).toBe("late");
});

test("an edited module is loaded anew, and so are the modules that import it", async () => {
  await writeFile(EDITED, "export const price = () => 1;\n");
  await writeFile(
    IMPORTER,
    'import { price } from "./kernel-test-edited.js";\nexport const double = () => 2 * price();\n',
  );
  const cell = `
    import { double } from "../labs/kernel-test-importer.js";
    console.log(double());`;
  expect(await run(cell)).toMatchObject({ stdout: "2\n", stderr: "" });
  await writeFile(EDITED, "export const price = () => 21;\n");
  expect(await run(cell)).toMatchObject({ stdout: "42\n", stderr: "" });
});

test("a short form of an object takes what earlier cells have declared", async () => {
  await run(`const price = 1; const { asset } = { asset: "bitcoin" };`);
  const { stdout, stderr } = await run(`
    const event = { price, asset };
    let other = 0;
    ({ price: other } = event);
    console.log(JSON.stringify({ event, other }));`);
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe('{"event":{"price":1,"asset":"bitcoin"},"other":1}');
});

test("an error of the lab is its message alone", async () => {
  const { stderr } = await run(`
    import { windowSpec } from "../labs/stream/window.js";
    windowSpec(0, 1);`);
  expect(stderr.trim()).toBe(
    "the window must be a whole number of milliseconds, at least 1ms, not 0ms",
  );
  await new Promise((resolve) => setTimeout(resolve, 400));
});

test("a plot, a table and a DataFrame are shown in several types", async () => {
  const { displays, stderr } = await run(`
    import { plot, table } from "../labs/course/cell.js";
    import { DataFrame } from "danfojs-node";
    plot({ data: [{ y: [1, 2] }], layout: {} });
    table([{ asset: "<b>", price_usd: 1 }]);
    new DataFrame([{ a: 1 }]);`);
  expect(stderr).toBe("");
  expect(displays).toEqual([
    ["application/vnd.plotly.v1+json", "text/plain"],
    ["text/html", "text/plain"],
    ["text/html", "text/plain"],
  ]);
});

test("an exercise is checked from a cell", async () => {
  const { displays, stdout, stderr } = await run(`
    import { check } from "../labs/course/checker/cell.js";
    await check("08");`);
  expect(stderr + stdout).toBe("");
  expect(displays).toEqual([["text/html", "text/plain"]]);
});

test("a figure is shown by plotly", async () => {
  const { displays, stderr } = await run(`
    import { display } from "tslab";
    display.raw("application/vnd.plotly.v1+json", { data: [{ y: [1, 2] }], layout: {} } as any);`);
  expect(stderr).toBe("");
  expect(displays).toEqual([["application/vnd.plotly.v1+json"]]);
});

test("Interrupt ends a loop that listens to its signal, and the next cell works", async () => {
  // What an interrupted cell declares is lost, so the counter comes from a cell before it.
  const first = await run(`
    import { interruptSignal } from "../labs/course/cell.js";
    const counter = { turns: 0 };`);
  expect(first.stderr).toBe("");
  await run(
    `
    const signal = interruptSignal();
    while (!signal.aborted) {
      counter.turns++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }`,
    2,
  );
  await new Promise((resolve) => setTimeout(resolve, 400));
  const { stdout, stderr } = await run(`
    const before = counter.turns;
    await new Promise((resolve) => setTimeout(resolve, 200));
    console.log(before > 10, counter.turns === before, interruptSignal().aborted);`);
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe("true true false");
});
