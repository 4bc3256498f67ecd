import { readConfig } from "../../shared/config.js";
import { LabError } from "../../shared/errors.js";
import { requireInstalled } from "../../stack/installation.js";
import { openStack } from "../../stack/stack.js";
import { findBrowser } from "./browser.js";
import { chapterPath, codeCells, readNotebook, type Notebook } from "./chapter.js";
import { requireJupyterLab } from "./execute.js";

/**
 * Checks that everything that chapters need is installed, before one of them runs.
 *
 * @param drawn whether their plots are drawn, which needs a browser
 * @throws LabError that lists what is missing, with the commands that install it
 */
export async function requireNeeds(
  root: string,
  names: readonly string[],
  drawn: boolean,
): Promise<void> {
  const missing: string[] = [];
  async function note(required: Promise<unknown>): Promise<void> {
    await required.catch((error: unknown) => {
      if (!(error instanceof LabError)) throw error;
      missing.push(error.message);
    });
  }
  await note(requireJupyterLab(root));
  if (drawn) await note(findBrowser(root));

  const services = new Set<string>();
  const standalone: string[] = [];
  for (const name of names) {
    const used = servicesOf(await readNotebook(chapterPath(root, name)));
    for (const service of used) services.add(service);
    if (used.length === 0) standalone.push(name.slice(0, 2));
  }
  if (services.size > 0) {
    const { places, select } = openStack(root, readConfig().stack);
    await note(requireInstalled(places, select([...services])));
  }
  if (missing.length === 0) return;
  const others =
    services.size === 0 || standalone.length === 0
      ? ""
      : `; chapters ${standalone.join(", ")} need no services`;
  throw new LabError(`${missing.join("\n")}\nno chapter was run${others}`);
}

/** The services that the cells of a chapter start. */
const servicesOf = (notebook: Notebook): string[] =>
  codeCells(notebook).flatMap(({ source }) =>
    [...source.matchAll(/\bstartServices\(([^)]*)\)/g)].flatMap(([, list]) =>
      [...list!.matchAll(/"(\w+)"/g)].map(([, name]) => name!),
    ),
  );
