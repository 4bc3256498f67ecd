import { expect, test } from "vitest";
import { forgetSubjects } from "../../labs/course/lesson/subjects.js";
import { openRegistry } from "../../labs/schema/registry.js";
import { ownAddresses } from "../../labs/shared/config.js";
import { NotFoundError } from "../../labs/shared/errors.js";
import { config, uniqueName } from "./environment.js";

const URL = ownAddresses(config.stack).registry;

test("subjects of a prefix are forgotten with their versions and settings, also those deleted before", async () => {
  const registry = openRegistry(URL);
  const [prefix, kept] = [uniqueName("forget"), uniqueName("keep")];
  const [shown, hidden] = [`${prefix}-shown`, `${prefix}-hidden`];
  const schema = (name: string) => {
    return { type: "AVRO", text: JSON.stringify({ type: "record", name, fields: [] }) } as const;
  };
  for (const subject of [shown, hidden, kept]) {
    await registry.register(subject, schema("One"));
    await registry.register(subject, schema("Two"));
    await registry.setCompatibility(subject, "FULL");
  }
  await registry.deleteSubject(hidden);
  await forgetSubjects(URL, prefix);
  await expect(registry.versions(shown)).rejects.toThrow(NotFoundError);
  expect(await registry.versions(kept)).toEqual([1, 2]);
  for (const subject of [shown, hidden]) {
    await registry.register(subject, schema("Three"));
    await registry.register(subject, schema("Four"));
    expect(await registry.versions(subject)).toEqual([1, 2]);
  }
  await forgetSubjects(URL, prefix);
  await forgetSubjects(URL, kept);
});
