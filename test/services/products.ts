import { hdfsStore } from "../../labs/store/hdfs.js";
import { PRODUCT_NAMES, readAll } from "../../labs/store/products.js";
import { hdfs } from "./environment.js";

/** All rows of all products, in an order that does not depend on the engine. */
export async function products(path: string) {
  const store = hdfsStore({ ...hdfs, path }, true);
  const rows = await Promise.all(
    PRODUCT_NAMES.map(async (name) => {
      const lines = (await readAll(store, name)).map((row) =>
        JSON.stringify({ ...row, topic: "" }),
      );
      return [name, lines.sort()] as const;
    }),
  );
  return Object.fromEntries(rows);
}
