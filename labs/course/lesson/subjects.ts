import { LabError } from "../../shared/errors.js";

/**
 * Deletes the subjects of a schema registry whose names begin with a prefix, for ever: their versions then begin at 1 again. The
 * schemas keep their ids.
 *
 * @param url the address of the registry's API, as for `openRegistry`
 * @throws LabError if the registry refuses it
 */
export async function forgetSubjects(url: string, prefix: string): Promise<void> {
  const subjects = (await ask(url, "GET", "/subjects?deleted=true")) as string[];
  for (const subject of subjects.filter((each) => each.startsWith(prefix))) {
    const path = `/subjects/${encodeURIComponent(subject)}`;
    await ask(url, "DELETE", path); // only hides the versions: records may need them
    await ask(url, "DELETE", `${path}?permanent=true`);
  }
}

async function ask(url: string, method: string, path: string): Promise<unknown> {
  const response = await fetch(`${url}${path}`, { method });
  // A subject that is hidden already cannot be hidden again.
  if (response.ok || response.status === 404) return response.json();
  throw new LabError(`${method} ${path}: the registry answered ${response.status}`);
}
