import fc from "fast-check";
import * as solution from "../../../solutions/02-staleness-of-a-poll.js";
import { checksOf } from "../checks.js";
import { nearby } from "../domains.js";

const check = checksOf(solution);

const polls = nearby(5_000, (time) =>
  fc.tuple(fc.array(fc.record({ pollTimeMs: time, eventTimeMs: time }), { maxLength: 8 }), time),
);

export default [
  check.example(
    "our knowledge is as old as the newest price that a poll returned",
    "stalenessMs",
    [[{ pollTimeMs: 10_000, eventTimeMs: 8_000 }], 15_000],
    7_000,
    "From the event time, not from the time of the poll.",
  ),
  check.example(
    "without a poll, nothing is known",
    "stalenessMs",
    [[], 15_000],
    null,
    "Without a price there is no age: null.",
  ),
  check.example(
    "a poll after now has not happened yet",
    "stalenessMs",
    [[{ pollTimeMs: 20_000, eventTimeMs: 19_000 }], 15_000],
    null,
    "Ignore polls after now.",
  ),
  check.example(
    "a poll at exactly now counts",
    "stalenessMs",
    [[{ pollTimeMs: 15_000, eventTimeMs: 14_000 }], 15_000],
    1_000,
    "Only polls later than now are ignored; now itself is not later.",
  ),
  check.example(
    "an older answer from a cache takes no knowledge away",
    "stalenessMs",
    [
      [
        { pollTimeMs: 1_000, eventTimeMs: 900 },
        { pollTimeMs: 2_000, eventTimeMs: 500 },
      ],
      3_000,
    ],
    2_100,
    "The newest price counts, whichever poll returned it.",
  ),
  check.agrees(
    "for any polls, in any order",
    "stalenessMs",
    polls,
    "The newest event time of all polls up to now, and how long ago that was.",
  ),
];
