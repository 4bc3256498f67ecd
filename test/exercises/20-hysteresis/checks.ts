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
    "below the first level no episode begins",
    "nextEpisode",
    [quiet(), 99, 100, 98],
    quiet(),
    "99 is above the second level, but an episode begins only at the first.",
  ),
  check.example(
    "an episode begins at the first level, with one alert",
    "nextEpisode",
    [quiet(), 100, 100, 98],
    active(1),
    "An episode begins at beginAt or above.",
  ),
  check.example(
    "during an episode there is no other alert",
    "nextEpisode",
    [active(1), 130, 100, 98],
    active(1),
    "An episode raises one alert, when it begins.",
  ),
  check.example(
    "between the two levels an episode continues",
    "nextEpisode",
    [active(1), 99, 100, 98],
    active(1),
    "This is the hysteresis: a price that moves around 100 is one episode.",
  ),
  check.example(
    "at exactly the second level an episode continues",
    "nextEpisode",
    [active(1), 98, 100, 98],
    active(1),
    "It ends below endBelow, and 98 is not below 98.",
  ),
  check.example(
    "below the second level an episode ends, and the count of alerts stays",
    "nextEpisode",
    [active(3), 97.9, 100, 98],
    quiet(3),
    "The end of an episode does not raise an alert.",
  ),
  check.example(
    "a missing value does not end an episode",
    "nextEpisode",
    [active(2), null, 100, 98],
    active(2),
    "null says nothing about the price. (null < 98 is true: it counts as 0.)",
  ),
  check.example(
    "a missing value does not begin an episode",
    "nextEpisode",
    [quiet(2), null, -5, -10],
    quiet(2),
    "null says nothing about the value. (null >= -5 is true: it counts as 0.)",
  ),
  check.example(
    "the two levels may be equal",
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
    "If not active, a value of at least beginAt begins an episode. If active, a value below endBelow ends it.",
  ),
  check.scenario("the result is a new object, even if nothing changes", async (subject) => {
    for (const value of [null, 99, 100, 97]) {
      for (const before of [quiet(), active(1)]) {
        const shown = JSON.stringify(before);
        if ((await subject.nextEpisode(before, value, 100, 98)) !== before) continue;
        throw wrong(
          `nextEpisode(${shown}, ${value}, 100, 98)`,
          "a new object",
          "the object that was passed in",
          "The engine still uses the old state. If both are one object, changing one changes the other.",
        );
      }
    }
  }),
  check.scenario("a stream raises one alert per episode", async (subject) => {
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
