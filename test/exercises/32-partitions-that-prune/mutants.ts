import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "by-asset": [
    "A query of a day must read the files of every asset.",
    ["PARTITIONED BY (day)", "PARTITIONED BY (asset)"],
    ["DISTRIBUTE BY day`", "DISTRIBUTE BY asset`"],
  ],
  "many-files": ["Each task writes a file into each day.", ["\n    DISTRIBUTE BY day`", "`"]],
  "day-and-asset": [
    "30 days and 20 assets are 600 files.",
    ["PARTITIONED BY (day)", "PARTITIONED BY (day, asset)"],
  ],
  "filter-on-the-time": [
    "A condition on event_time does not skip folders of days.",
    [
      "WHERE day = '${day}'",
      "WHERE event_time >= timestamp'${day}' AND event_time < timestamp'${day}' + INTERVAL 1 DAY",
    ],
  ],
  "rows-twice": [
    "Each row is written twice.",
    ["    FROM prices\n", "    FROM (SELECT * FROM prices UNION ALL SELECT * FROM prices)\n"],
  ],
  "no-partitions": [
    "Without partitions every file has prices of every day.",
    [" PARTITIONED BY (day)", ""],
    ["\n    DISTRIBUTE BY day`", "`"],
  ],
};
