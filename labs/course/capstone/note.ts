/** The sections of a design note, in order. */
const SECTIONS = ["Order and keys", "Completeness", "Late trades", "Recovery", "Ten times as much"];
const MIN_CHARACTERS = 200;

/** The sections of a design note without an answer of their own. Lines that begin with `>` are the question. */
export function unansweredSections(note: string): string[] {
  const parts = note.split(/^## +(.*)$/m).slice(1);
  const answers = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) {
    const own = parts[index + 1]!.split("\n").filter((line) => !line.startsWith(">"));
    answers.set(parts[index]!.trim(), own.join("\n").trim());
  }
  return SECTIONS.filter((section) => (answers.get(section) ?? "").length < MIN_CHARACTERS);
}
