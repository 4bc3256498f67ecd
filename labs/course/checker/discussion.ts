import { readFile } from "node:fs/promises";
import { LabError } from "../../shared/errors.js";
import type { Exercise } from "./exercises.js";
import { discussionPath } from "./places.js";
import { wrapped, type Paint } from "./verdict.js";

/** The sections of every discussion, in order. */
const SECTIONS = ["Why it works", "Another way", "Common wrong answers"];

/** The discussion of an exercise by section, each a list of paragraphs. */
export type Discussion = Map<string, string[]>;

/**
 * Reads the discussion of an exercise: Markdown with a heading for each section.
 *
 * @throws LabError if there is none, or it has other sections
 */
export async function readDiscussion(root: string, { name }: Exercise): Promise<Discussion> {
  const path = discussionPath("", name);
  const text = await readFile(discussionPath(root, name), "utf8").catch(() => {
    throw new LabError(`${name} has no discussion yet: expected ${path}`);
  });
  const parts = text.split(/^## (.*)\n/m).slice(1);
  const sections = parts.filter((_, index) => index % 2 === 0);
  if (sections.join() !== SECTIONS.join()) {
    throw new LabError(
      `${path}: expected the sections ${SECTIONS.join(", ")}, found ${sections.join(", ") || "none"}`,
    );
  }
  return new Map(
    sections.map((section, index) => [
      section,
      parts[2 * index + 1]!.trim().split(/\n\n+|\n(?=- )/),
    ]),
  );
}

/** A discussion for a terminal of 80 columns. */
export function formatDiscussion(
  { name, title }: Exercise,
  discussion: Discussion,
  paint: Paint,
): string {
  const lines = [paint("bold", `${name.slice(0, 2)}  ${title}`)];
  for (const [section, paragraphs] of discussion) {
    lines.push("", paint("bold", section), ...paragraphs.map(wrapped));
  }
  return lines.join("\n");
}

/** How to see the discussion of a solved exercise. */
export const discussionHint = ({ name }: Exercise) =>
  `why it works, and another way: npm run check -- --discuss ${name.slice(0, 2)}`;
