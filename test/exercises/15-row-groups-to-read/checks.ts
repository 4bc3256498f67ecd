import fc from "fast-check";
import * as solution from "../../../solutions/15-row-groups-to-read.js";
import { checksOf } from "../checks.js";
import { nearby } from "../domains.js";

const check = checksOf(solution);

/** Prices, or times as of a column event_time. */
const query = nearby(12, (value) => {
  const bound = fc.option(
    fc.oneof(
      value,
      value.map((whole) => whole + 0.5),
    ),
  );
  const statistics = fc
    .tuple(bound, bound)
    .map(([a, b]) =>
      a !== null && b !== null ? { min: Math.min(a, b), max: Math.max(a, b) } : { min: a, max: b },
    );
  return fc
    .tuple(fc.array(statistics, { maxLength: 6 }), value, fc.nat(10))
    .map(([some, from, length]): [typeof some, number, number] => [some, from, from + length]);
});
const groups = [
  { min: 0, max: 9 },
  { min: 10, max: 19 },
  { min: 20, max: 29 },
];

export default [
  check.example(
    "the group that contains the range",
    "rowGroupsToRead",
    [groups, 12, 14],
    [1],
    "The others cannot contain a value of the range.",
  ),
  check.example(
    "a range that crosses two groups",
    "rowGroupsToRead",
    [groups, 9, 10],
    [0, 1],
    "9 may be in the first and 10 in the second.",
  ),
  check.example(
    "both ends are included",
    "rowGroupsToRead",
    [groups, 19, 20],
    [1, 2],
    "max = from and min = to must be read.",
  ),
  check.example(
    "a group that lies within the range",
    "rowGroupsToRead",
    [groups, 5, 25],
    [0, 1, 2],
    "The range may be larger than a group, so that neither of its ends is in it.",
  ),
  check.example(
    "a group without statistics must be read",
    "rowGroupsToRead",
    [[{ min: null, max: null }], 1, 2],
    [0],
    "Without statistics, the group may contain any value.",
  ),
  check.example(
    "one of the two statistics may be enough",
    "rowGroupsToRead",
    [
      [
        { min: 5, max: null },
        { min: null, max: 3 },
      ],
      4,
      4,
    ],
    [],
    "All values are at least 5 in one, and at most 3 in the other.",
  ),
  check.example(
    "a minimum of 0 is a value",
    "rowGroupsToRead",
    [[{ min: 0, max: null }], -5, -1],
    [],
    "0 is not null, although both are false in an if.",
  ),
  check.agrees(
    "for any statistics",
    "rowGroupsToRead",
    query,
    "Left out only if max < from or min > to, as far as they are known.",
  ),
];
