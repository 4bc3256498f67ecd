import { openKafkaLog } from "../../labs/log/kafka/log.js";
import { openPriceQuery } from "../../labs/run/price-query.js";
import { ownAddresses, readConfig } from "../../labs/shared/config.js";
import { createProducts, writeBatch } from "../../labs/store/products.js";
import { openCheckpoint } from "../../labs/stream/checkpoint.js";
import { PARTITIONS, QUERY, runToEnd } from "./market-log.js";
import { benchStore } from "./stack.js";

// A process of its own for consume.ts: Kafka → windows → Parquet on HDFS, by our engine.

const [topic = "", folder = ""] = process.argv.slice(2);
const { brokers, hdfs } = ownAddresses(readConfig().stack);
const log = await openKafkaLog({ brokers, topic, partitions: PARTITIONS });
const store = benchStore(hdfs, topic, folder);
await createProducts(store);
const checkpoint = await openCheckpoint(store, topic, {});
const query = await openPriceQuery(
  log,
  checkpoint,
  // Spark's job in this benchmark writes windows only.
  (output) => writeBatch(store, folder === "all" ? output : { ...output, prices: [] }),
  QUERY,
);
await runToEnd(query, log);
await log.close();
process.exit();
