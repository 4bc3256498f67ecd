import fc from "fast-check";
import * as solution from "../../../solutions/10-watermark.js";
import { checksOf, wrong } from "../checks.js";
import { nearby } from "../domains.js";

const check = checksOf(solution);

const batch = nearby(1_000, (time) =>
  fc.tuple(
    fc.option(time),
    fc.array(time, { maxLength: 6 }),
    fc.oneof(fc.nat(100), fc.constant(3_600_000)),
  ),
);

export default [
  check.example(
    "the largest event time minus the delay",
    "nextWatermark",
    [null, [10, 50, 30], 20],
    30,
    "50 − 20; the order does not matter.",
  ),
  check.example(
    "without any event there is no watermark",
    "nextWatermark",
    [null, [], 20],
    null,
    "No event has been seen, so nothing can be late.",
  ),
  check.example(
    "a batch without events does not change it",
    "nextWatermark",
    [30, [], 20],
    30,
    "Without new events, the watermark stays.",
  ),
  check.example(
    "it never moves back",
    "nextWatermark",
    [30, [40], 20],
    30,
    "40 − 20 is less than 30. Windows that were final must stay final.",
  ),
  check.example("it moves on with newer events", "nextWatermark", [30, [60], 20], 40, "60 − 20."),
  check.example(
    "before 1970 it may be negative",
    "nextWatermark",
    [null, [-50], 20],
    -70,
    "Times before 1970 are negative: do not begin with 0.",
  ),
  check.example(
    "0 is a watermark, not a missing one",
    "nextWatermark",
    [0, [10], 20],
    0,
    "0 is not null, although both are false in an if.",
  ),
  check.agrees(
    "for any batch",
    "nextWatermark",
    batch,
    "max(watermark, largest event time − delay).",
  ),
  check.scenario("a batch may have two hundred thousand events", async (subject) => {
    const times = Array.from({ length: 200_000 }, (_, index) => index);
    let found: string;
    try {
      found = String(await subject.nextWatermark(null, times, 0));
    } catch (error) {
      if ((error as Error).name === "NotDone") throw error;
      found = `threw ${String(error)}`;
    }
    if (found !== "199999") {
      throw wrong(
        "nextWatermark(null, [0, 1, … 199999], 0)",
        "199999",
        found,
        "Math.max(...list) passes each event as an argument, and a call cannot have so many: use a loop.",
      );
    }
  }),
];
