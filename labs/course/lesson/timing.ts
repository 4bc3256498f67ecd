/** Runs each action this many times, in turn, after one run that is not counted. @returns the durations in milliseconds, by name */
export async function timed<K extends string>(
  actions: Readonly<Record<K, () => unknown>>,
  repeats: number,
): Promise<Record<K, number[]>> {
  const entries = Object.entries(actions) as [K, () => unknown][];
  const durations = {} as Record<K, number[]>;
  for (const [name] of entries) durations[name] = [];
  for (let run = 0; run <= repeats; run++) {
    for (const [name, action] of entries) {
      const began = performance.now();
      await action();
      if (run > 0) durations[name].push(performance.now() - began);
    }
  }
  return durations;
}
