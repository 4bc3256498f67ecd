import { hdfsStore } from "../../labs/store/hdfs.js";
import { productsIn } from "../support/products.js";
import { hdfs } from "./environment.js";

/** All rows of all products, in an order that does not depend on the engine. */
export async function products(path: string): Promise<Record<string, string[]>> {
  const byName = await productsIn(hdfsStore({ ...hdfs, path }, true));
  return Object.fromEntries(
    Object.entries(byName).map(([name, rows]) => [
      name,
      rows.map((row) => JSON.stringify({ ...row, topic: "" })).sort(),
    ]),
  );
}
