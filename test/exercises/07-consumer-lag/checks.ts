import fc from "fast-check";
import * as solution from "../../../solutions/07-consumer-lag.js";
import { checksOf } from "../checks.js";
import { offset } from "../domains.js";

const check = checksOf(solution);

const place = fc
  .tuple(offset, fc.nat(20), fc.option(fc.integer({ min: -10, max: 30 })))
  .map(([begin, more, ahead]) => ({
    begin,
    end: begin + more,
    committed: ahead === null ? null : Math.max(0, begin + ahead),
  }));

export default [
  check.example(
    "records from the committed offset on are waiting",
    "totalLag",
    [[{ begin: 0, end: 10, committed: 4 }]],
    6,
    "The committed offset is the next one to read: end − committed.",
  ),
  check.example(
    "a group at the end has no lag",
    "totalLag",
    [[{ begin: 0, end: 10, committed: 10 }]],
    0,
    "Offset 10 does not exist yet.",
  ),
  check.example(
    "partitions add up",
    "totalLag",
    [
      [
        { begin: 0, end: 10, committed: 4 },
        { begin: 0, end: 3, committed: 0 },
      ],
    ],
    9,
    "6 + 3.",
  ),
  check.example(
    "a group that has never committed begins at the oldest record",
    "totalLag",
    [[{ begin: 4, end: 10, committed: null }]],
    6,
    "What was removed is gone: from 4, not from 0.",
  ),
  check.example(
    "offset 0 is an offset",
    "totalLag",
    [[{ begin: 0, end: 5, committed: 0 }]],
    5,
    "0 is not null, though both are false in an if.",
  ),
  check.example(
    "deleted records do not count",
    "totalLag",
    [[{ begin: 6, end: 10, committed: 2 }]],
    4,
    "Offsets 2 to 5 were deleted before the group read them.",
  ),
  check.example(
    "a partition that seems ahead takes nothing from the others",
    "totalLag",
    [
      [
        { begin: 0, end: 5, committed: 9 },
        { begin: 0, end: 5, committed: 0 },
      ],
    ],
    5,
    "Each partition has a lag of at least 0. Then add them.",
  ),
  check.agrees(
    "for any offsets",
    "totalLag",
    fc.tuple(fc.array(place, { maxLength: 5 })),
    "For each partition: end − the larger of committed and begin, at least 0.",
  ),
];
