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
    "what we know is as old as the price that the last poll brought",
    "stalenessMs",
    [[{ pollTimeMs: 10_000, eventTimeMs: 8_000 }], 15_000],
    7_000,
    "From the event time, not from the time of the poll.",
  ),
  check.example(
    "who has never asked knows nothing",
    "stalenessMs",
    [[], 15_000],
    null,
    "There is no age of nothing.",
  ),
  check.example(
    "a poll of the future has not happened",
    "stalenessMs",
    [[{ pollTimeMs: 20_000, eventTimeMs: 19_000 }], 15_000],
    null,
    "A poll after now has told us nothing yet.",
  ),
  check.example(
    "a poll at this very moment counts",
    "stalenessMs",
    [[{ pollTimeMs: 15_000, eventTimeMs: 14_000 }], 15_000],
    1_000,
    "Later than now, says the comment: now itself is not later.",
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
    "The newest price counts, whichever poll has brought it.",
  ),
  check.agrees(
    "for any polls, in any order",
    "stalenessMs",
    polls,
    "The newest event time of all polls up to now, and how long ago that was.",
  ),
];
