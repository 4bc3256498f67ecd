import { createRequire } from "node:module";
import { expect, test } from "vitest";

// As Node loads it in a notebook, on setup/tfjs-node in place of the native TensorFlow.
const { DataFrame, concat } = createRequire(import.meta.url)(
  "danfojs-node",
) as typeof import("danfojs-node");

test("DataFrames of danfojs group, sort, filter, join and describe", () => {
  const frame = new DataFrame([
    { asset: "a", price: 1 },
    { asset: "b", price: 3 },
    { asset: "a", price: 5 },
  ]);
  expect(frame.column("price").mean()).toBe(3);
  expect(frame.column("price").std()).toBe(2);
  expect(frame.groupby(["asset"]).col(["price"]).sum().values).toEqual([
    ["a", 6],
    ["b", 3],
  ]);
  expect(frame.sortValues("price", { ascending: false }).column("price").values).toEqual([5, 3, 1]);
  expect(frame.query(frame.column("price").gt(2)).shape).toEqual([2, 2]);
  expect(frame.column("price").add(1).values).toEqual([2, 4, 6]);
  expect(frame.column("price").cumSum().values).toEqual([1, 4, 9]);
  expect(frame.describe().shape).toEqual([7, 1]);
  expect((concat({ dfList: [frame.copy(), frame], axis: 0 }) as typeof frame).shape).toEqual([
    6, 2,
  ]);
});
