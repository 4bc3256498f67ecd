import { access, constants } from "node:fs/promises";
import { LabError } from "../errors.js";

/** Where a Chromium is on Debian and Ubuntu, and what setup/browser/install.sh links where it had to fetch one. */
const PLACES = [
  ".lab/browser/chromium",
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/usr/bin/chromium-browser",
  "/snap/bin/chromium",
];

/** The program of a Chromium on this machine. @throws LabError if there is none */
export async function findBrowser(): Promise<string> {
  for (const path of PLACES) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  throw new LabError("no Chromium was found: bash setup/browser/install.sh");
}
