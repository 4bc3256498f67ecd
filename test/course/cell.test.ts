import { DataFrame } from "danfojs-node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ReportProgress } from "../../labs/course/cell.js";

type Bundle = Record<string, string>;

/** What the kernel of the lab gives, and what was shown by it: by id, the last one. */
const shown = new Map<string, Bundle>();
const kernel = {
  controller: new AbortController(),
  showValue: undefined as ((value: unknown) => boolean) | undefined,
  display: (bundle: Bundle, id?: string) => void shown.set(id ?? String(shown.size), bundle),
};
const key = Symbol.for("lab.kernel");
let notebook: typeof import("../../labs/course/cell.js");

beforeEach(async () => {
  shown.clear();
  kernel.controller = new AbortController();
  (globalThis as Record<symbol, unknown>)[key] = kernel;
  vi.resetModules();
  notebook = await import("../../labs/course/cell.js");
});
afterEach(() => {
  delete (globalThis as Record<symbol, unknown>)[key];
});

const only = () => {
  expect(shown.size).toBe(1);
  return [...shown.values()][0]!;
};

test("a table shows numbers with separators, times, yes and no, and nothing for null", () => {
  notebook.table([
    { asset: "bitcoin", price_usd: 68340.123456, event_time: 1735725610250, ok: true, note: null },
  ]);
  const bundle = only();
  const { "text/html": html } = bundle;
  for (const cell of ["bitcoin", "68,340.12", "2025-01-01 10:00:10.250", "yes", ""]) {
    expect(html).toContain(`>${cell}</td>`);
  }
  expect(bundle["text/plain"]).toContain("68,340.12");
});

test("what comes from outside is text in a table, not HTML", () => {
  notebook.table([{ "<b>": '<img src=x onerror="alert(1)">' }]);
  expect(only()["text/html"]).not.toMatch(/<img|<b>/);
});

test("a long table is cut and says by how much", () => {
  notebook.table(
    Array.from({ length: 1_234 }, (_, index) => ({ index })),
    { limit: 3 },
  );
  expect(only()["text/html"]!.match(/<tr>/g)).toHaveLength(4);
  expect(only()["text/plain"]).toContain("… and 1,231 more rows");
});

test("a DataFrame is a table, also as the last value of a cell", () => {
  const frame = new DataFrame([{ price: 1 }, { price: 3 }]);
  notebook.table(frame.describe());
  expect(only()["text/html"]).toMatch(/<td[^>]*>mean<\/td><td[^>]*>2<\/td>/);
  shown.clear();
  expect(kernel.showValue!(frame)).toBe(true);
  expect(only()["text/html"]).toContain("price");
  expect(kernel.showValue!({ price: 1 })).toBe(false);
});

test("progress moves in place and leaves one line", async () => {
  const seen: string[] = [];
  const result = await notebook.progress("reading", async (report: ReportProgress) => {
    await new Promise((resolve) => setTimeout(resolve, 120));
    report(0.5, "a file");
    seen.push(only()["text/plain"]!);
    return 42;
  });
  expect(result).toBe(42);
  expect(seen).toEqual(["reading 50 % · a file"]);
  expect(only()["text/plain"]).toBe("reading: done");
});

test("progress of a work that fails says so, and the error is the work's", async () => {
  const work = notebook.progress("reading", () => Promise.reject(new Error("torn")));
  await expect(work).rejects.toThrow("torn");
  expect(only()["text/plain"]).toBe("reading: failed");
});

test("live shows what changes in one place, the last one in any case", async () => {
  await notebook.live(async (show) => {
    for (let turn = 0; turn <= 50; turn++) show([{ turn }]);
    await Promise.resolve();
  });
  expect(only()["text/html"]).toContain(">50</td>");
});

test("Interrupt aborts the signal of a live cell, and the next one has a new signal", async () => {
  const running = notebook.live(async (show, signal) => {
    for (let turn = 0; !signal.aborted; turn++) {
      show([{ turn }]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  setTimeout(() => {
    kernel.controller.abort();
    kernel.controller = new AbortController();
  }, 50);
  await running;
  expect(only()["text/html"]).toContain("turn");
  expect(notebook.interruptSignal().aborted).toBe(false);
});

test("until waits for a condition", async () => {
  let looks = 0;
  await notebook.until(() => ++looks === 3);
  expect(looks).toBe(3);
});
