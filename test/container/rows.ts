import { ownAddresses, readConfig } from "../../labs/shared/config.js";
import { hdfsStore, parseHdfsUrl } from "../../labs/store/hdfs.js";
import { localStore } from "../../labs/store/local.js";
import { PRODUCT_NAMES, readAll } from "../../labs/store/products.js";

// Prints the rows of all products of an output, sorted: those of two outputs can then be compared.

const out = process.argv[2]!;
const { hdfs } = ownAddresses(readConfig().stack);
const store = out.startsWith("hdfs:") ? hdfsStore(parseHdfsUrl(out, hdfs), false) : localStore(out);
for (const product of PRODUCT_NAMES) {
  const rows = (await readAll(store, product)).map((row) => JSON.stringify({ ...row, topic: "" }));
  for (const row of rows.sort()) console.log(product, row);
}
