import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  chapterNames,
  chapterPath,
  codeCells,
  readNotebook,
} from "../../labs/course/chapters/chapter.js";
import { findBrowser } from "../../labs/course/chapters/browser.js";
import { BROWSER_ARGUMENTS } from "../../labs/course/chapters/pictures.js";

// JupyterLab as `npm run lab` opens it, in a real browser.

const PORT = 21_020;
const SCREENSHOTS = ".lab/screenshots";
let lab: ChildProcess;
let browser: Browser;
let address: string;
const copies: string[] = [];
const CHAPTERS = await chapterNames(".");
/** The chapters that need no service. */
const STANDALONE: string[] = [];
for (const name of CHAPTERS) {
  const cells = codeCells(await readNotebook(chapterPath(".", name)));
  if (!cells.some(({ source }) => source.includes("startServices("))) STANDALONE.push(name);
}

beforeAll(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  lab = spawn(
    process.execPath,
    ["--import", "tsx", "scripts/lab.ts", "--no-browser", "--port", String(PORT)],
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  address = await new Promise<string>((resolve, reject) => {
    let said = "";
    const read = (text: Buffer) => {
      said += text.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\/lab\S*token=\w+/.exec(said);
      if (found) resolve(found[0]);
    };
    lab.stdout!.on("data", read);
    lab.stderr!.on("data", read);
    lab.on("close", () => reject(new Error(said)));
  });
  const executablePath = await findBrowser(".");
  browser = await chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
});

afterAll(async () => {
  await browser?.close();
  for (const copy of copies) await rm(copy, { force: true });
  if (lab?.pid !== undefined && lab.exitCode === null) {
    process.kill(-lab.pid, "SIGTERM");
    await once(lab, "close");
  }
});

/** Opens a notebook as a person does who follows a link to it. */
async function open(notebook: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const url = new URL(address);
  await page.goto(
    `${url.origin}/lab/tree/${notebook}?token=${url.searchParams.get("token")}&reset`,
  );
  await page.locator(".jp-Notebook").first().waitFor({ timeout: 60_000 });
  // The indicator says "idle" too before a kernel is asked for, and what is run then may be lost.
  await expect.poll(() => kernelOf(notebook), { timeout: 60_000 }).toBe("idle, connected");
  const idle = page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]');
  await idle.first().waitFor({ timeout: 60_000, state: "attached" });
  return page;
}

/** What the server knows of the kernel of an opened notebook. */
async function kernelOf(notebook: string): Promise<string> {
  const url = new URL(address);
  const answer = await fetch(`${url.origin}/api/sessions?${url.searchParams.toString()}`);
  const sessions = (await answer.json()) as {
    path: string;
    kernel: { execution_state: string; connections: number };
  }[];
  const kernel = sessions.find(({ path }) => path === notebook)?.kernel;
  if (kernel === undefined) return "none";
  return `${kernel.execution_state}, ${kernel.connections > 0 ? "connected" : "not connected"}`;
}

/** A copy beside the chapters, since JupyterLab saves by itself what was run. */
async function copyOf(notebook: string): Promise<string> {
  const copy = `notebooks/scratch-${notebook.split("/").at(-1)}`;
  await copyFile(notebook, copy);
  copies.push(copy);
  return copy;
}

/** The prompts of the code cells: `[ ]:` not run, `[*]:` waiting or running, `[3]:` done. */
const prompts = (page: Page) => page.locator(".jp-CodeCell .jp-InputPrompt").allInnerTexts();

async function menu(page: Page, ...path: string[]): Promise<void> {
  for (const item of path)
    await page
      .getByRole("menuitem", { name: new RegExp(`^${item}`) })
      .first()
      .click();
}

test("npm run lab opens the first chapter", async () => {
  expect(new URL(address).pathname).toBe(`/lab/tree/${chapterPath("", CHAPTERS[0]!)}`);
});

test("only the lab's kernel is offered", async () => {
  const url = new URL(address);
  const answer = await fetch(`${url.origin}/api/kernelspecs?${url.searchParams.toString()}`);
  const { default: main, kernelspecs } = (await answer.json()) as {
    default: string;
    kernelspecs: object;
  };
  expect(main).toBe("lab");
  expect(Object.keys(kernelspecs)).toEqual(["lab"]);
});

test.each(STANDALONE)("Run All runs %s, and its plots are drawn", async (name) => {
  const page = await open(await copyOf(chapterPath("", name)));
  await menu(page, "Edit", "Clear Outputs of All Cells");
  await menu(page, "Run", "Run All Cells");
  await expect
    .poll(() => prompts(page), { timeout: 120_000, interval: 500 })
    .toEqual(expect.not.arrayContaining([expect.stringMatching(/\[[* ]\]/)]));
  const cells = page.locator(".jp-CodeCell");
  const count = await cells.count();
  let drawn = 0;
  for (let index = 0; index < count; index++) {
    // JupyterLab draws what comes into view.
    await cells.nth(index).scrollIntoViewIfNeeded();
    const code = await cells.nth(index).locator(".cm-content").innerText();
    if (!/\bplot\(|\bshow\(/.test(code)) continue;
    const plot = cells.nth(index).locator(".js-plotly-plot .main-svg").first();
    await plot.waitFor({ timeout: 20_000 });
    const box = await plot.boundingBox();
    expect(box!.height).toBeGreaterThan(100);
    drawn++;
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-${index}.png` });
  }
  expect(drawn).toBeGreaterThanOrEqual(5);
  expect(await page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count()).toBe(0);
  await page.close();
});

test("Interrupt stops a live cell, and the next cell works", async () => {
  const page = await open(await copyOf("test/support/live.ipynb"));
  await menu(page, "Run", "Run All Cells");
  await page.locator(".js-plotly-plot").first().waitFor({ timeout: 30_000 });
  await page.waitForTimeout(1_000);
  expect(await prompts(page)).toEqual(["[1]:", "[*]:", "[*]:"]);
  await menu(page, "Kernel", "Interrupt Kernel");
  await expect.poll(() => prompts(page), { timeout: 10_000 }).not.toContain("[*]:");
  await page.waitForTimeout(500);
  await page.locator(".jp-CodeCell").last().locator(".cm-content").click();
  await page.keyboard.press("Shift+Enter");
  await page.getByText("the loop has ended: yes").waitFor({ timeout: 10_000 });
  await page.screenshot({ path: `${SCREENSHOTS}/interrupt.png` });
  await page.close();
});
