/** One exercise of the course. */
export interface Exercise {
  /** The name of its files, without their ending. */
  name: string;
  /** The chapter that it belongs to: the number of its notebook. */
  chapter: number;
  title: string;
  /** 1 easy, 3 hard. */
  difficulty: 1 | 2 | 3;
  /** What one can do who has solved it. */
  outcome: Outcome;
  /** Shown one after the other: the first ones ask, the last one nearly gives it away. */
  hints: readonly string[];
  /** What must run for the check. */
  needs?: "spark";
}

export type Outcome =
  | "pipelines on Kafka"
  | "Structured Streaming internals"
  | "event-time windows and aggregation"
  | "HDFS and Parquet"
  | "architecture patterns";

export const EXERCISES: readonly Exercise[] = [
  {
    name: "01-parse-an-event",
    chapter: 1,
    title: "Parse and validate an event",
    difficulty: 1,
    outcome: "pipelines on Kafka",
    hints: [
      "What does JSON.parse do with a text that is no JSON? And what kinds of value can it give back?",
      "Each of the three fields must be looked at: what is its type, and which values of that type are no good?",
      "typeof null is 'object', Infinity is a number, and '  ' is a string. A text ends in Z if text.endsWith('Z').",
      "try { JSON.parse } catch { return null }; then one line for each field: if it is not good, return null.",
    ],
  },
  {
    name: "02-staleness-of-a-poll",
    chapter: 1,
    title: "How old is what a poll has told us?",
    difficulty: 1,
    outcome: "architecture patterns",
    hints: [
      "Which of the polls have happened at the time nowMs?",
      "Of those, is it the last poll that counts, or the one that brought the newest price?",
      "Keep the largest eventTimeMs of all polls with pollTimeMs <= nowMs, and subtract it from nowMs.",
    ],
  },
  {
    name: "03-back-off",
    chapter: 1,
    title: "Back-off with jitter and Retry-After",
    difficulty: 1,
    outcome: "architecture patterns",
    hints: [
      "What is the ceiling after the first, the second, the third failure? Which power of two is that?",
      "Where does the minute come in: before the jitter or after it? And what does the server's wish have to do with the ceiling?",
      "ceiling = Math.min(60_000, 1_000 * 2 ** (attempt - 1)). Half of it is sure, the other half is multiplied by random.",
      "Math.max(ceiling / 2 + random * ceiling / 2, what the server asks for or 0).",
    ],
  },
  {
    name: "04-repeated-observations",
    chapter: 1,
    title: "Leave out repeated observations",
    difficulty: 1,
    outcome: "pipelines on Kafka",
    hints: [
      "With which earlier observation must one be compared, if assets are mixed?",
      "What must be equal for a repetition? Is the same price at another time one?",
      "A Map from asset to its last observation. Set it for every observation, those that are left out included.",
    ],
  },
  {
    name: "05-key-to-partition",
    chapter: 2,
    title: "Kafka's key → partition",
    difficulty: 1,
    outcome: "pipelines on Kafka",
    hints: [
      "What does % give in JavaScript when the left side is negative?",
      "How do you get the UTF-8 bytes of a string? (new TextEncoder().encode)",
      "Which bits does 0x7fffffff have, and what does & with it do to the highest one?",
      "(murmur2(bytes) & 0x7fffffff) % partitions",
    ],
  },
  {
    name: "06-order-after-a-rebalance",
    chapter: 2,
    title: "Order per key after a rebalance",
    difficulty: 2,
    outcome: "pipelines on Kafka",
    hints: [
      "What names a record? Is it its value, its key, its offset?",
      "In which order must the records be looked at, so that the values of each key come out right?",
      "Sort a copy by partition and offset: then a record that was delivered twice stands beside itself.",
      "for each in order: pass it over if partition and offset are those of the one before; otherwise (values[key] ??= []).push(value).",
    ],
  },
  {
    name: "07-consumer-lag",
    chapter: 2,
    title: "A consumer group's lag",
    difficulty: 1,
    outcome: "pipelines on Kafka",
    hints: [
      "Which record will the group read next in a partition: if it has committed, if it has not, if that record is gone?",
      "Can the number of records that wait be negative? For one partition, or for the sum?",
      "next = Math.max(committed ?? begin, begin); waiting = Math.max(0, end - next).",
    ],
  },
  {
    name: "08-tumbling-window",
    chapter: 3,
    title: "The tumbling window of a time",
    difficulty: 1,
    outcome: "event-time windows and aggregation",
    hints: [
      "How many whole windows fit between the epoch and the time?",
      "What does Math.trunc do with -0.5, and what does Math.floor?",
      "Math.floor(timeMs / windowMs) windows have begun before this one; each is windowMs long.",
    ],
  },
  {
    name: "09-sliding-windows",
    chapter: 3,
    title: "All sliding windows of a time",
    difficulty: 2,
    outcome: "event-time windows and aggregation",
    hints: [
      "Where does the last window begin that holds the time? That is exercise 8 once more.",
      "And the one before it? How long do you go back: when does a window no longer hold the time?",
      "Go back from Math.floor(timeMs / slideMs) * slideMs by the slide, as long as start + windowMs > timeMs.",
    ],
  },
  {
    name: "10-watermark",
    chapter: 3,
    title: "The watermark of the next batch",
    difficulty: 1,
    outcome: "Structured Streaming internals",
    hints: [
      "What does the watermark become if the batch's events are all older than what was seen before?",
      "Is null the same as 0 here? What would `watermarkMs || …` do with a watermark of 0?",
      "Go through the events; take timeMs - delayMs if there is no watermark yet or it is larger. Math.max(...events) cannot take a large batch.",
    ],
  },
  {
    name: "11-late-or-not",
    chapter: 3,
    title: "Late for which windows?",
    difficulty: 1,
    outcome: "Structured Streaming internals",
    hints: [
      "What is compared with the watermark: the event's time, the window's start, or its end?",
      "A window whose end is exactly the watermark: open or closed?",
      "Keep the starts with start + windowMs > watermarkMs; all of them if there is no watermark.",
    ],
  },
  {
    name: "12-mean-and-deviation",
    chapter: 3,
    title: "Mean and deviation in one pass",
    difficulty: 2,
    outcome: "event-time windows and aggregation",
    hints: [
      "If a value comes to n − 1 others, by how much does their mean move towards it?",
      "Why is Σx² − (Σx)²/n bad at 1,000,000,000? How many digits does a double have, and how many does x² need?",
      "Keep count, mean, and the sum of squared differences from the mean. Welford: difference to the old mean, times difference to the new mean.",
      "difference = x − mean; mean += difference / count; squares += difference * (x − mean). The deviation is √(squares / (count − 1)).",
    ],
  },
  {
    name: "13-rolling-average-by-panes",
    chapter: 3,
    title: "A rolling average by panes",
    difficulty: 3,
    outcome: "event-time windows and aggregation",
    hints: [
      "What do two neighbouring windows have in common? What of that can be kept, if nothing can be taken out of a merged pane?",
      "A queue can be made of two stacks. If one stack keeps, for each pane, the merge from it to the border, what does it cost to drop the first pane?",
      "Front: suffix merges up to a border. Back: one running merge behind it. A window is front[first] merged with back.",
      "When the first pane reaches the border: build the suffixes of the whole window from its end to its start, set the border to its end, and empty the back.",
    ],
  },
  {
    name: "14-percentage-change",
    chapter: 3,
    title: "The change within a window",
    difficulty: 1,
    outcome: "event-time windows and aggregation",
    hints: [
      "In which order have the events come, and in which have they happened?",
      "Two events have the same time: which of them is the first one? And which would be the last?",
      "Write isBefore(a, b): the smaller time, and of equal times the smaller offset. Then look for the first and the last by it.",
    ],
  },
  {
    name: "15-row-groups-to-read",
    chapter: 4,
    title: "Row groups that can be skipped",
    difficulty: 2,
    outcome: "HDFS and Parquet",
    hints: [
      "When is it certain that a row group holds nothing of the range? There are two ways.",
      "What does a missing statistic exclude? And a least value of 0?",
      "Leave it out if max is known and below from, or if min is known and above to.",
    ],
  },
  {
    name: "16-atomic-batch-sink",
    chapter: 4,
    title: "An atomic, idempotent sink",
    difficulty: 2,
    outcome: "HDFS and Parquet",
    hints: [
      "At which moment do readers see a file, and what may a crash leave under its name?",
      "Which of the two operations happens in one step? Which names do readers pass over?",
      "Write to a name with a dot, then rename it. And what must the name depend on, so that a second try replaces the first?",
    ],
  },
  {
    name: "17-output-modes",
    chapter: 5,
    title: "What each output mode writes",
    difficulty: 2,
    outcome: "Structured Streaming internals",
    hints: [
      "For append: which ends has the watermark reached in this batch that it had not reached before?",
      "For update: how do you find the row of before that has the same end? What if there is none?",
      "A Map of before from end to count. append: previous < end ≤ watermark; update: counts.get(endMs) !== count; complete: true.",
    ],
  },
  {
    name: "18-windows-in-sql",
    chapter: 5,
    title: "The lab's windows in Spark's SQL",
    difficulty: 3,
    outcome: "Structured Streaming internals",
    needs: "spark",
    hints: [
      "Which function of Spark makes a window of a timestamp, and what are its second and third arguments? (chapter 5 shows the query of the lab)",
      "Which of stddev_samp and stddev_pop divides by n − 1? What does first() take as first, if the rows are in no order?",
      "GROUP BY asset, window(event_time, '1 minute', '20 seconds'); window.start, stddev_samp(price_usd), min_by(price_usd, event_time), max_by(…).",
    ],
  },
  {
    name: "19-exactly-once",
    chapter: 6,
    title: "Exactly once after a crash",
    difficulty: 2,
    outcome: "architecture patterns",
    hints: [
      "Which batch is the last one that is certainly done? Are the commits in order?",
      "Where does the next one begin? And is there already a plan for it: what does that mean?",
      "batchId is the largest commit + 1 (0 if there is none), from is offsets[batchId − 1] (0 for the first). If offsets[batchId] is there, that is its end.",
    ],
  },
  {
    name: "20-hysteresis",
    chapter: 7,
    title: "Alerts with hysteresis",
    difficulty: 1,
    outcome: "architecture patterns",
    hints: [
      "Which of the two levels counts while an episode goes on, and which one before?",
      "When does the number of alerts grow? And what does null >= 0 say in JavaScript?",
      "null first: as it was. Active: stays so while value >= endBelow. Not active: begins with value >= beginAt, one alert more.",
    ],
  },
  {
    name: "21-sliding-median-deviation",
    chapter: 7,
    title: "Robust scores over a sliding window",
    difficulty: 3,
    outcome: "event-time windows and aggregation",
    hints: [
      "Which values does the score of values[i] look back at? Is values[i] itself one of them?",
      "How does sort() compare 10 and 9? What is in the middle of four values? Does sort() change the array that it is called on?",
      "Write a function median(values) that sorts a copy with (a, b) => a - b. The MAD is the median of Math.abs(each - center).",
      "center = median(before); deviation = 1.4826 * median(before.map((x) => Math.abs(x - center))); equal to center is 0, else (value - center) / deviation.",
    ],
  },
];

/** The exercise of a number or a name, such as `07` or `07-consumer-lag`. */
export function findExercise(wanted: string): Exercise | undefined {
  const number = wanted.padStart(2, "0");
  return EXERCISES.find(({ name }) => name === wanted || name.slice(0, 2) === number);
}
