import { chromium } from "playwright-core";
import type { Figure } from "../../view/figure.js";
import { codeCells, type Notebook } from "./chapter.js";

const WIDTH = 800;
const PLOTLY_TYPE = "application/vnd.plotly.v1+json";

interface Page {
  Plotly: { toImage(figure: Figure, options: object): Promise<string> };
}

/**
 * Adds a PNG to every plot of a notebook, drawn by plotly.js in a browser, for viewers without JavaScript.
 *
 * @param browserPath the path of a Chromium
 * @param plotlyPath plotly.js in one file
 */
export async function addPictures(
  notebook: Notebook,
  browserPath: string,
  plotlyPath: string,
): Promise<void> {
  const browser = await chromium.launch({ executablePath: browserPath, args: BROWSER_ARGUMENTS });
  try {
    const page = await browser.newPage({ deviceScaleFactor: 1 });
    await page.addScriptTag({ path: plotlyPath });
    for (const output of codeCells(notebook).flatMap(({ outputs }) => outputs)) {
      if (output.output_type !== "display_data") continue;
      const figure = output.data[PLOTLY_TYPE] as Figure | undefined;
      if (figure === undefined) continue;
      const height = (figure.layout["height"] as number | undefined) ?? 450;
      const url = await page.evaluate(
        ([drawn, size]) =>
          (globalThis as unknown as Page).Plotly.toImage(drawn as Figure, {
            format: "png",
            scale: 1.2,
            ...(size as object),
          }),
        [figure, { width: WIDTH, height }] as const,
      );
      output.data["image/png"] = url.slice(url.indexOf(",") + 1);
    }
  } finally {
    await browser.close();
  }
}

/** Keeps the browser from using the internet. */
export const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
