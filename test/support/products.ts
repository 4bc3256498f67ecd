import { localStore } from "../../labs/store/local.js";
import { PRODUCT_NAMES, readAll, type Product } from "../../labs/store/products.js";
import type { Store } from "../../labs/store/store.js";

/** All rows of all products in a store. */
export async function productsIn(store: Store): Promise<Record<Product, object[]>> {
  const entries = PRODUCT_NAMES.map(async (name) => [name, await readAll(store, name)] as const);
  return Object.fromEntries(await Promise.all(entries)) as Record<Product, object[]>;
}

/** All rows of all products in a folder. */
export const products = (out: string) => productsIn(localStore(out));
