import { readFile } from "node:fs/promises";
import { z } from "zod";
import { LabError, UsageError, errorMessage } from "../../shared/errors.js";
import { descriptionPath, exerciseNames } from "./places.js";

/** What a learner can do after solving an exercise. */
export const OUTCOMES = [
  "pipelines on Kafka",
  "Structured Streaming internals",
  "event-time windows and aggregation",
  "HDFS and Parquet",
  "architecture patterns",
];

/** The real systems that checks may use. */
const SYSTEMS = ["kafka", "hdfs", "spark", "registry"] as const;
export type System = (typeof SYSTEMS)[number];

const schema = z.strictObject({
  title: z.string(),
  /** The number of the notebook the exercise belongs to. */
  chapter: z.number().int().min(0),
  /** From 1 (easy) to 3 (hard). */
  difficulty: z.number().int().min(1).max(3),
  outcome: z.string(),
  /** The real systems that the checks use. They are started if they are installed. */
  needs: z.array(z.enum(SYSTEMS)).min(1).optional(),
  /** Whether it is part of the fast track, for learners who know the basics. */
  fast: z.literal(true).optional(),
  /** Whether the course can be completed without it. */
  optional: z.literal(true).optional(),
  /** Shown one at a time: the first ones are questions, the last one almost gives the answer. */
  hints: z.array(z.string()),
});

export type Description = z.infer<typeof schema>;

export interface Exercise extends Description {
  /** The name of its files and of its folder, such as `07-consumer-lag`. */
  name: string;
}

/**
 * The exercises of a project, in order: one for each folder in `test/exercises/`.
 *
 * @throws LabError if the description of one is missing or invalid
 */
export async function readExercises(root: string): Promise<Exercise[]> {
  return Promise.all(
    (await exerciseNames(root)).map(async (name) => ({ name, ...(await describe(root, name)) })),
  );
}

async function describe(root: string, name: string): Promise<Description> {
  try {
    return schema.parse(JSON.parse(await readFile(descriptionPath(root, name), "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error);
    throw new LabError(`exercise ${name}: ${descriptionPath("", name)} is invalid: ${reason}`);
  }
}

/** The tracks of the course that leave exercises out. */
export const TRACKS = ["fast"] as const;
export type Track = (typeof TRACKS)[number];

/** The exercises of a track; all without one. */
export const exercisesOf = (
  track: Track | undefined,
  exercises: readonly Exercise[],
): readonly Exercise[] =>
  track === undefined ? exercises : exercises.filter((exercise) => exercise[track]);

/**
 * The exercise with a number or a name, such as `07`, `7` or `07-consumer-lag`.
 *
 * @throws UsageError if there is none
 */
export function findExercise(exercises: readonly Exercise[], wanted: string): Exercise {
  const number = wanted.padStart(2, "0");
  const found = exercises.find(({ name }) => name === wanted || name.slice(0, 2) === number);
  if (found !== undefined) return found;
  const [first, last] = [exercises[0], exercises.at(-1)].map((each) => each?.name.slice(0, 2));
  throw new UsageError(`there is no exercise ${wanted}; the exercises are ${first} to ${last}`);
}
