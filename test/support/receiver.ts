import { onTestFinished } from "vitest";
import { openReceiver, type Answer } from "../../labs/course/lesson/receiver.js";

/** A receiver of alerts; closed when the test ends. */
export async function receiver(answer?: Answer) {
  const opened = await openReceiver(answer);
  onTestFinished(() => opened.close());
  return opened;
}
