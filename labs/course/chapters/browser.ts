import { access, constants } from "node:fs/promises";
import { LabError } from "../../shared/errors.js";

/**
 * Where a Chromium is on Debian, and what setup/browser/install.sh links where it had to fetch one. Not Ubuntu's,
 * a snap, which may not read the temporary profile that a test makes.
 */
const PLACES = [".lab/browser/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome"];

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
