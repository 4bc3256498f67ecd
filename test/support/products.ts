import { localStore } from "../../labs/store/local.js";
import { PRODUCTS, readAll } from "../../labs/store/products.js";

/** All rows of all products. */
export async function products(out: string) {
  const store = localStore(out);
  return Object.fromEntries(
    await Promise.all(PRODUCTS.map(async (name) => [name, await readAll(store, name)])),
  ) as Record<(typeof PRODUCTS)[number], object[]>;
}
