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
  ["[]", /the whole file: expected an object {…}, found \[\]$/],
  ["{}", /rules: expected a list \[…\], found nothing$/],
  [file(), /rules: expected a list \[…\] that is not empty, found \[\]$/],
  [
    file({ name: "r", kind: "moon" }),
    /rules\[0\]\.kind: expected "change" or "level" or .*, found "moon"$/,
  ],
  [file(rule({ percent: -2 })), /rules\[0\]\.percent: expected a number above 0, found -2$/],
  [file(rule({ percent: "2" })), /rules\[0\]\.percent: expected a number, found "2"$/],
  [
    file(rule({ percnt: 1 })),
    /rules\[0\]: "percnt" is not known here: check the spelling, or remove it$/,
  ],
  [file(rule({ name: "" })), /rules\[0\]\.name: expected a text "…" that is not empty, found ""$/],
  [file(rule({}), rule({})), /rules: expected a different name/],
  [file(rule({ rearm_percent: 3 })), /rules\[0\]\.rearm_percent: expected at most percent/],
  [
    file(rule({ assets: [] })),
    /rules\[0\]\.assets: expected a list \[…\] that is not empty, found \[\]$/,
  ],
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
    /direction: expected "up" or "down" or "both", found "left"$/,
  ],
  [JSON.stringify({ rules: [7] }), /rules\[0\]: expected an object {…}, found 7$/],
  [
    file({ name: "a", kind: "anomaly", window: 2.5 }),
    /rules\[0\]\.window: expected a whole number, found 2\.5$/,
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
