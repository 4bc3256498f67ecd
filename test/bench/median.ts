import { sortedNumbers } from "../../labs/alert/median.js";
import { compare, inThousands, say, type Benchmark, type Row } from "./benchmark.js";

const SIZES = [60, 600, 6_000];

export const medians: Benchmark = {
  name: "median",
  help: "median and MAD of a sliding window: our sorted array, compared with sorting every time",
  async measure() {
    const rows: Row[] = [];
    for (const size of SIZES) rows.push(await measureSize(size));
    return rows;
  },
};

async function measureSize(size: number): Promise<Row> {
  say(`median and MAD over ${size} values …`);
  const steps = 600_000 / size;
  const values = Array.from({ length: size + steps }, (_, index) => Math.sin(index * 12.9898));
  const numbers = sortedNumbers();
  for (const value of values.slice(0, size)) numbers.add(value);
  let at = size;
  const { bySearching, bySorting } = await compare({
    bySearching() {
      for (let step = 0; step < steps; step++) {
        numbers.remove(values[(at - size) % values.length]!);
        numbers.add(values[at++ % values.length]!);
        numbers.medianAbsoluteDeviation();
      }
    },
    bySorting() {
      for (let step = 0; step < steps; step++) {
        const sorted = Float64Array.from(values.slice(step, step + size)).sort();
        const center = (sorted[size / 2 - 1]! + sorted[size / 2]!) / 2;
        sorted.map((value) => Math.abs(value - center)).sort();
      }
    },
  });
  return {
    what: `median and MAD of the last ${inThousands(size)}: binary search`,
    value: `${((bySearching * 1_000) / steps).toFixed(1)} µs per step`,
    ratio: `sorting ${(bySorting / bySearching).toFixed(1)}`,
  };
}
