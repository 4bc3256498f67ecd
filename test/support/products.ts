import { localStore } from "../../labs/store/local.js";
import { PRODUCT_NAMES, readAll } from "../../labs/store/products.js";

/** All rows of all products. */
export async function products(out: string) {
  const store = localStore(out);
  return Object.fromEntries(
    await Promise.all(PRODUCT_NAMES.map(async (name) => [name, await readAll(store, name)])),
  ) as Record<(typeof PRODUCT_NAMES)[number], object[]>;
}
