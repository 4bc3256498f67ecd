import { priceMessage, type PriceEvent } from "../../labs/event.js";
import { priceEventAvro } from "../../labs/schema/avro.js";
import { openDecoder, openReaders } from "../../labs/schema/price-format.js";
import { priceEventSchema } from "../../labs/schema/formats.js";
import { addHeader } from "../../labs/schema/wire-format.js";
import { formatTime } from "../../labs/shared/time.js";
import { memoryRegistry } from "../support/schema-registry.js";
import { compare, compareWithAim, inThousands, say, type Benchmark } from "./benchmark.js";
import { marketEvents } from "./market-log.js";

const EVENTS = 200_000;

/** Price events as JSON and as Avro: bytes, and the time to encode and to decode. */
export const schema: Benchmark = {
  name: "schema",
  help: "price events in JSON and in Avro: bytes per record, encoding and decoding",
  async measure({ root }) {
    say(`encoding and decoding ${inThousands(EVENTS)} events …`);
    const events = await marketEvents(EVENTS);
    const text = await priceEventSchema("avro", root);
    const registry = memoryRegistry();
    const schemaId = await registry.register("prices-value", { type: "AVRO", text });
    const avro = priceEventAvro(text);
    const toAvro = (event: PriceEvent) => addHeader(schemaId, avro.encode(event));
    const decode = openDecoder(registry, openReaders(avro));
    await decode(toAvro(events[0]!), Infinity); // looks up the schema
    const toJson = ({ asset, priceUsd, eventTimeMs }: (typeof events)[0]) =>
      Buffer.from(priceMessage(asset, priceUsd, formatTime(eventTimeMs), 0).value);
    const [json, binary] = [events.map(toJson), events.map(toAvro)];
    const times = await compare({
      jsonEncode: () => events.forEach(toJson),
      avroEncode: () => events.forEach(toAvro),
      jsonDecode: () => json.map((bytes) => JSON.parse(bytes.toString()) as unknown),
      avroDecode: () => binary.map((bytes) => decode(bytes, Infinity)),
    });
    const size = (all: readonly Buffer[]) =>
      all.reduce((sum, { length }) => sum + length, 0) / all.length;
    const row = (what: string, form: "json" | "avro") => {
      const [encode, decode] = [times[`${form}Encode`], times[`${form}Decode`]];
      const micros = (ms: number) => `${((ms * 1_000) / events.length).toFixed(2)} µs`;
      const bytes = size(form === "json" ? json : binary).toFixed(0);
      const ratio = decode / times.jsonDecode;
      return {
        what,
        value: `${bytes} bytes, encode ${micros(encode)}, decode ${micros(decode)}`,
        ratio: form === "json" ? "1" : ratio.toFixed(2),
        aim: form === "json" ? undefined : compareWithAim(ratio, 1.5),
      };
    };
    return [row("price event in JSON", "json"), row("price event in Avro, with schema id", "avro")];
  },
};
