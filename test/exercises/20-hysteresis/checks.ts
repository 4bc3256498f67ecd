import fc from "fast-check";
import * as solution from "../../../solutions/20-hysteresis.js";
import { checksOf, wrong } from "../checks.js";

const check = checksOf(solution);
const quiet = (alerts = 0) => ({ active: false, alerts });
const active = (alerts = 1) => ({ active: true, alerts });

/** A level at which an episode begins, one below which it ends, and a value near them or on them. */
const levels = fc
  .tuple(
    fc.constantFrom(0, -2.5, 100, 68_340.12),
    fc.constantFrom(0, 0.000001, 1, 4),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(0, 0.000001, 1),
  )
  .map(([beginAt, back, steps, step]) => ({
    beginAt,
    endBelow: beginAt - back,
    values: [beginAt + steps * step, beginAt - back + steps * step],
  }));

export default [
  check.example(
    "below the first level nothing begins",
    "nextEpisode",
    [quiet(), 99, 100, 98],
    quiet(),
    "99 is above the second level, but an episode begins at the first one.",
  ),
  check.example(
    "an episode begins at the first level, with one alert",
    "nextEpisode",
    [quiet(), 100, 100, 98],
    active(1),
    "At least beginAt: the level itself is one.",
  ),
  check.example(
    "while it goes on there is no other alert",
    "nextEpisode",
    [active(1), 130, 100, 98],
    active(1),
    "An alert tells of the beginning of an episode, once.",
  ),
  check.example(
    "between the two levels it goes on",
    "nextEpisode",
    [active(1), 99, 100, 98],
    active(1),
    "That is the hysteresis: a price that trembles around 100 is one episode.",
  ),
  check.example(
    "at the second level it goes on",
    "nextEpisode",
    [active(1), 98, 100, 98],
    active(1),
    "It ends below endBelow, and 98 is not below 98.",
  ),
  check.example(
    "below the second level it ends, and the alerts stay counted",
    "nextEpisode",
    [active(3), 97.9, 100, 98],
    quiet(3),
    "The end of an episode is no alert.",
  ),
  check.example(
    "nothing measured ends nothing",
    "nextEpisode",
    [active(2), null, 100, 98],
    active(2),
    "null says nothing about the price. (null < 98 is true: it counts as 0.)",
  ),
  check.example(
    "nothing measured begins nothing",
    "nextEpisode",
    [quiet(2), null, -5, -10],
    quiet(2),
    "null says nothing about the value. (null >= -5 is true: it counts as 0.)",
  ),
  check.example(
    "the two levels may be the same",
    "nextEpisode",
    [active(1), 100, 100, 100],
    active(1),
    "100 is not below 100.",
  ),
  check.agrees(
    "for any state, value and levels",
    "nextEpisode",
    fc
      .tuple(fc.boolean(), fc.nat(9), levels, fc.option(fc.nat(1)))
      .map(([isActive, alerts, { beginAt, endBelow, values }, which]) => [
        { active: isActive, alerts },
        which === null ? null : values[which]!,
        beginAt,
        endBelow,
      ]),
    "Not active: at least beginAt begins. Active: below endBelow ends.",
  ),
  check.scenario("the answer is an object of its own, even if nothing changes", async (subject) => {
    for (const value of [null, 99, 100, 97]) {
      for (const before of [quiet(), active(1)]) {
        const shown = JSON.stringify(before);
        if ((await subject.nextEpisode(before, value, 100, 98)) !== before) continue;
        throw wrong(
          `nextEpisode(${shown}, ${value}, 100, 98)`,
          "a new object",
          "the object that was passed in",
          "The engine keeps the old state, which would then change with the new one.",
        );
      }
    }
  }),
  check.scenario("a whole stream raises as many alerts as it has episodes", async (subject) => {
    const values = [99, 100, 99, 101, null, 98, 97, 99, 100, 97, 100];
    let episode = quiet();
    for (const each of values) episode = await subject.nextEpisode(episode, each, 100, 98);
    if (episode.alerts !== 3 || !episode.active) {
      throw wrong(
        `the values ${values.join(", ").replace(", ,", ", null,")}, one after the other, levels 100 and 98`,
        "{ active: true, alerts: 3 }",
        `{ active: ${episode.active}, alerts: ${episode.alerts} }`,
        "Episodes: from 100 to before 97, from 100 to before the next 97, and from the last 100 on.",
      );
    }
  }),
];
