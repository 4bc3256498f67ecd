import avro from "avsc";
import type { PriceEvent } from "../event.js";
import { LabError, errorMessage } from "../shared/errors.js";
import { TIME_LIMIT_MS } from "./formats.js";

/** The fields of a price event in Avro. A `timestamp-millis` is a number: milliseconds since the epoch. */
interface PriceFields {
  asset: string;
  price_usd: number;
  event_time: number;
}

/** Price events in Avro, without the header of the wire format. */
export interface PriceEventAvro {
  /** @throws LabError if a field does not fit the schema */
  encode(event: PriceEvent): Buffer;
  /**
   * How to read what a writer with another schema wrote. Fields are matched by name with the reader's schema, as Avro's
   * specification says ("Schema Resolution"): fields that the reader does not know are skipped, those that the writer did not know
   * get their default.
   *
   * @param schema the writer's schema, in JSON
   * @returns a function that throws LabError if the bytes do not fit the writer's schema; it ignores bytes that follow, as do
   *   Java's readers
   * @throws LabError if the schemas do not match
   */
  readerOf(schema: string): (bytes: Buffer) => PriceEvent;
}

/** The message of avsc without its own name of the error. */
const reasonOf = (error: unknown) => errorMessage(error).split("\n")[0];

const typeOf = (schema: string) => avro.Type.forSchema(JSON.parse(schema) as avro.Schema);

/**
 * Refuses schemas of which a few bytes could take hours or all of the stack to decode: arrays whose items take no bytes, of which a
 * record may have 2⁶³, and types that contain themselves.
 *
 * @returns whether a value of the type takes no bytes
 * @throws Error if the schema is one of these
 */
function refuseBombs(type: avro.Type, outer: readonly avro.Type[] = []): boolean {
  if (outer.includes(type)) throw new Error("a type contains itself");
  const inside = (each: avro.Type) => refuseBombs(each, [...outer, type]);
  if (avro.Type.isType(type, "record")) {
    const { fields } = type as avro.types.RecordType;
    return fields.map((field) => inside(field.type)).every((isEmpty) => isEmpty);
  }
  if (avro.Type.isType(type, "array")) {
    if (inside((type as avro.types.ArrayType).itemsType)) throw new Error("items without bytes");
  } else if (avro.Type.isType(type, "map")) {
    inside((type as avro.types.MapType).valuesType);
  } else if (avro.Type.isType(type, "union")) {
    (type as avro.types.UnwrappedUnionType).types.forEach(inside);
  } else if (avro.Type.isType(type, "logical")) {
    return inside((type as avro.types.LogicalType).underlyingType);
  }
  return (
    type.typeName === "null" ||
    (type.typeName === "fixed" && (type as avro.types.FixedType).size === 0)
  );
}

/** Refuses times that are not in milliseconds: schema resolution compares only their type, a long. */
function refuseOtherTimes(schema: string): void {
  const { fields = [] } = JSON.parse(schema) as { fields?: { name: string; type: unknown }[] };
  const type = fields.find(({ name }) => name === "event_time")?.type as
    { logicalType?: string } | undefined;
  const unit = type?.logicalType ?? "timestamp-millis";
  if (unit !== "timestamp-millis") throw new Error(`event_time is ${unit}`);
}

/** @param schema the reader's schema, with which it also writes, in JSON */
export function priceEventAvro(schema: string): PriceEventAvro {
  const type = typeOf(schema);
  return {
    encode({ asset, priceUsd, eventTimeMs }) {
      const fields: PriceFields = { asset, price_usd: priceUsd, event_time: eventTimeMs };
      try {
        return type.toBuffer(fields);
      } catch (error) {
        throw new LabError(`the event does not fit the schema: ${reasonOf(error)}`);
      }
    },
    readerOf(written) {
      let resolver: avro.Resolver;
      try {
        const writer = typeOf(written);
        refuseBombs(writer);
        refuseOtherTimes(written);
        resolver = type.createResolver(writer);
      } catch (error) {
        throw new LabError(
          `the schema cannot be read as that of a price event: ${reasonOf(error)}`,
        );
      }
      /** avsc refuses bytes that follow a value; told to ignore them, it skips the fields at the end without checking them. */
      function fieldsOf(bytes: Buffer): PriceFields {
        try {
          return type.fromBuffer(bytes, resolver) as PriceFields;
        } catch (error) {
          if (errorMessage(error) !== "trailing data") throw error;
          return type.fromBuffer(bytes, resolver, true) as PriceFields;
        }
      }
      return (bytes) => {
        try {
          const fields = fieldsOf(bytes);
          if (Math.abs(fields.event_time) >= TIME_LIMIT_MS) throw new Error("invalid event_time");
          return {
            asset: fields.asset,
            priceUsd: fields.price_usd,
            eventTimeMs: fields.event_time,
          };
        } catch (error) {
          throw new LabError(`the bytes do not fit the schema: ${reasonOf(error)}`);
        }
      };
    },
  };
}
