import { Listr, ListrLogger, ProcessOutput } from "listr2";

/** A task that shows a line on the terminal: its title, and below it what `output` was set to last. */
export interface Task {
  title: string;
  task(context: unknown, line: { title: string; output: string }): Promise<void>;
}

/** Runs tasks and shows their progress on stderr, which leaves stdout to the results. */
export async function runTasks(
  tasks: readonly Task[],
  options: { concurrent?: boolean; exitOnError?: boolean } = {},
): Promise<void> {
  const { stderr } = process;
  const logger = new ListrLogger({ processOutput: new ProcessOutput(stderr, stderr) });
  await new Listr([...tasks], {
    ...options,
    renderer: stderr.isTTY ? "default" : "simple",
    rendererOptions: { logger, collapseErrors: true, showErrorMessage: false },
  }).run();
}
