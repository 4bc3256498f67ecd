import { access, constants } from "node:fs/promises";
import { resolve } from "node:path";
import { LabError } from "../../shared/errors.js";

/**
 * Where Debian installs Chromium, and what setup/browser/install.sh links if it had to download one. Ubuntu's is a snap,
 * which may not read the temporary profile of a test.
 */
const PLACES = [".lab/browser/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome"];

/** The path of a Chromium on this machine. @param root the project's root @throws LabError if there is none */
export async function findBrowser(root: string): Promise<string> {
  for (const place of PLACES) {
    const path = resolve(root, place);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  throw new LabError("no Chromium was found: bash setup/browser/install.sh");
}
