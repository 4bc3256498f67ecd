import fc from "fast-check";
import { expect, test } from "vitest";
import {
  MAX_DURATION,
  formatDuration,
  formatTime,
  parseDurationMs,
  parseTimeMs,
} from "../../labs/shared/time.js";

const years1To9999 = { min: Date.UTC(1, 0), max: Date.UTC(9999, 11, 31) };

test("every time is read back as it was written, before 1970 too", () => {
  fc.assert(
    fc.property(fc.integer(years1To9999), (timeMs) => {
      expect(parseTimeMs(formatTime(timeMs))).toBe(timeMs);
    }),
  );
});

test("zones and fractions mean what ISO-8601 says", () => {
  expect(parseTimeMs("2025-01-01T12:00:10+02:00")).toBe(Date.UTC(2025, 0, 1, 10, 0, 10));
  expect(parseTimeMs("2025-01-01T04:30:10-05:30")).toBe(Date.UTC(2025, 0, 1, 10, 0, 10));
  expect(parseTimeMs("2025-01-01T10:00:10+18:00")).toBe(Date.UTC(2024, 11, 31, 16, 0, 10));
  expect(parseTimeMs("2025-01-01T10:00:10-18:00")).toBe(Date.UTC(2025, 0, 2, 4, 0, 10));
  expect(parseTimeMs("1969-12-31T23:59:59.9999Z")).toBe(-1);
  expect(parseTimeMs("2025-01-01T10:00:10.5Z")).toBe(Date.UTC(2025, 0, 1, 10, 0, 10, 500));
  expect(parseTimeMs("2025-01-01T10:00:10.265999Z")).toBe(Date.UTC(2025, 0, 1, 10, 0, 10, 265));
});

test("what is no time in a zone is NaN", () => {
  for (const text of [
    "",
    "now",
    "2025-01-01",
    "2025-01-01T10:00:10", // no zone
    "2025-01-01 10:00:10Z",
    "2025-02-29T10:00:10Z",
    "2025-13-01T10:00:10Z",
    "2025-00-01T10:00:10Z",
    "2025-01-32T10:00:10.000Z",
    "2025-01-01T24:00:00Z",
    "2025-01-01T10:60:10Z",
    "2025-01-01T10:00:1xZ",
    "1735725610",
    "2025-01-01T10:00:10.Z",
    "2025-01-01T10:00:10.1234567890Z",
    "2025-01-01T10:00:10+18:01",
    "2025-01-01T10:00:10-19:00",
    "2025-01-01T10:00:10+02:60",
    "2025-01-01T10:00:10Z\n",
  ]) {
    expect(parseTimeMs(text), text).toBeNaN();
  }
});

test("any text is a time exactly when the platform, where it is stricter than Date, says so", () => {
  const digits = (count: number) => fc.stringMatching(new RegExp(`^\\d{${count}}$`));
  const shape = fc
    .tuple(digits(4), digits(2), digits(2), digits(2), digits(2), digits(2))
    .map(([year, month, day, hour, minute, second]) => {
      return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
    });
  fc.assert(
    fc.property(shape, (text) => {
      const timeMs = Date.parse(text);
      // Date takes 2025-02-30 for March 2nd and 24:00:00 for the next day; a time is one that comes back the same.
      const comesBack = !Number.isNaN(timeMs) && formatTime(timeMs) === text.replace("Z", ".000Z");
      expect(parseTimeMs(text)).toBe(comesBack ? timeMs : NaN);
    }),
    { numRuns: 5_000 },
  );
});

test("durations are read in their four units and written the shortest exact way", () => {
  expect(["500ms", "60s", "1m", "1.5m", "1h"].map(parseDurationMs)).toEqual([
    500, 60_000, 60_000, 90_000, 3_600_000,
  ]);
  for (const text of ["", "60", "1 m", "-1s", "1d", "s", "1e3s"]) {
    expect(parseDurationMs(text), text).toBeNaN();
  }
  fc.assert(
    fc.property(fc.nat(1e9), (ms) => {
      expect(parseDurationMs(formatDuration(ms))).toBe(ms);
    }),
  );
});

test("a duration of more than a hundred years is none", () => {
  expect(parseDurationMs(MAX_DURATION)).toBe(876_000 * 3_600_000);
  for (const text of ["876001h", "1e9h", `${"9".repeat(400)}ms`]) {
    expect(parseDurationMs(text), text).toBeNaN();
  }
});
