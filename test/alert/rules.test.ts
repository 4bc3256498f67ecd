import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAlertRules } from "../../labs/alert/rules.js";
import { UsageError } from "../../labs/shared/errors.js";

const rule = (fields: object) => ({ name: "r", kind: "change", percent: 2, ...fields });
const file = (...rules: object[]) => JSON.stringify({ rules });

test("the example can be followed, and what it leaves out has a value", () => {
  const text = readFileSync("setup/alerts.example.json", "utf8");
  const { rules } = parseAlertRules(text, "example");
  expect(new Set(rules.map(({ kind }) => kind))).toEqual(
    new Set(["change", "level", "silence", "anomaly"]),
  );
  const [anomaly] = parseAlertRules(file({ name: "a", kind: "anomaly" }), "f").rules;
  expect(anomaly).toMatchObject({ detector: "robust", every: 10_000, window: 60, threshold: 8 });
  expect(parseAlertRules(file({ name: "s", kind: "silence", after: "2m" }), "f").rules[0]).toEqual({
    name: "s",
    kind: "silence",
    after: 120_000,
  });
});

test.each([
  ["{", /mine.json is not JSON/],
  ["[]", /the whole file: Invalid input: expected object, received array$/],
  ["{}", /rules: Invalid input: expected array, received undefined$/],
  [file(), /rules: Too small: expected array to have >=1 items$/],
  [
    file({ name: "r", kind: "moon" }),
    /rules\[0\]\.kind: .* Expected 'change' \| 'level' \| .*, found "moon"$/,
  ],
  [
    file(rule({ percent: -2 })),
    /rules\[0\]\.percent: Too small: expected number to be >0, found -2$/,
  ],
  [
    file(rule({ percent: "2" })),
    /rules\[0\]\.percent: Invalid input: expected number, received string, found "2"$/,
  ],
  [file(rule({ percnt: 1 })), /rules\[0\]: Unrecognized key: "percnt"$/],
  [
    file(rule({ name: "" })),
    /rules\[0\]\.name: Too small: expected string to have >=1 characters, found ""$/,
  ],
  [file(rule({}), rule({})), /rules: expected a different name/],
  [file(rule({ rearm_percent: 3 })), /rules\[0\]\.rearm_percent: expected at most percent/],
  [file(rule({ assets: [] })), /rules\[0\]\.assets: Too small: expected array to have >=1 items$/],
  [file({ name: "l", kind: "level" }), /rules\[0\]: expected one of above_usd and below_usd/],
  [
    file({ name: "l", kind: "level", above_usd: 1, below_usd: 2 }),
    /rules\[0\]: expected one of above_usd and below_usd/,
  ],
  [
    file({ name: "l", kind: "level", above_usd: 10, rearm_usd: 11 }),
    /rules\[0\]\.rearm_usd: expected a price that is not beyond/,
  ],
  [
    file({ name: "l", kind: "level", below_usd: 10, rearm_usd: 9 }),
    /rules\[0\]\.rearm_usd: expected a price that is not beyond/,
  ],
  [
    file({ name: "s", kind: "silence", after: "soon" }),
    /rules\[0\]\.after: expected a duration .* found "soon"/,
  ],
  [
    file(rule({ direction: "left" })),
    /direction: Invalid option: expected one of "up"\|"down"\|"both", found "left"$/,
  ],
  [
    JSON.stringify({ rules: [7] }),
    /rules\[0\]: Invalid input: expected object, received number, found 7$/,
  ],
  [
    file({ name: "a", kind: "anomaly", window: 2.5 }),
    /rules\[0\]\.window: Invalid input: expected int, received number, found 2\.5$/,
  ],
  [
    file({ name: "a", kind: "anomaly", threshold: 3, rearm: 4 }),
    /rules\[0\]\.rearm: expected at most threshold/,
  ],
  [
    JSON.stringify({ webhook: "file:///etc/passwd", rules: [rule({})] }),
    /webhook: expected a URL that begins with http.*, found "file:\/\/\/etc\/passwd"$/,
  ],
])("rules that cannot be followed are named with their place: %s", (text, message) => {
  expect(() => parseAlertRules(text, "mine.json")).toThrow(UsageError);
  expect(() => parseAlertRules(text, "mine.json")).toThrow(message);
});

test("every wrong place is named at once", () => {
  const text = file(rule({ percent: 0 }), { name: "s", kind: "silence", after: 5 });
  expect(() => parseAlertRules(text, "f")).toThrow(/rules\[0\]\.percent[^]*rules\[1\]\.after/);
});
