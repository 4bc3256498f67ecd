import type { Mutants } from "../mutants.js";

const UNION =
  'if (typeof from !== "string") return typeof to !== "string" && reads(to[1], from[1]);';

export const mutants: Mutants = {
  "the-wrong-way-round": [
    "Backward and forward are exchanged.",
    ["const backward = canRead(newer, older);", "const backward = canRead(older, newer);"],
    ["const forward = canRead(older, newer);", "const forward = canRead(newer, older);"],
  ],
  "falsy-defaults": [
    "null, 0 and the empty string are taken for no default.",
    ["return field.default !== undefined;", "return Boolean(field.default);"],
  ],
  "null-is-no-default": [
    "A default of null is taken for none.",
    ["return field.default !== undefined;", "return field.default != null;"],
  ],
  "null-needs-no-default": [
    "A field that may be null is taken to be optional.",
    [
      "return field.default !== undefined;",
      'return field.default !== undefined || typeof field.type !== "string";',
    ],
  ],
  "default-of-the-writer": [
    "It takes a field of the writer for one that needs a default.",
    [
      "return reader.fields.every((field) => {",
      "const known = (name: string) => reader.fields.some((field) => field.name === name);\n  const isNew = writer.fields.some(\n    (field) => !known(field.name) && field.default === undefined,\n  );\n  if (isNew) return false;\n  return reader.fields.every((field) => {",
    ],
  ],
  "default-saves-the-type": [
    "A default helps only if the writer does not have the field.",
    [
      "const [from, to] = [written.type, field.type];",
      "if (field.default !== undefined) return true;\n    const [from, to] = [written.type, field.type];",
    ],
  ],
  "aliases-of-the-writer": [
    "It also looks at the aliases in the writer's schema.",
    [
      "writer.fields.find(({ name }) => names.includes(name));",
      "writer.fields.find(({ name, aliases = [] }) =>\n      [name, ...aliases].some((each) => names.includes(each)),\n    );",
    ],
  ],
  "no-aliases": [
    "A renamed field is taken for a new one.",
    ["[field.name, ...(field.aliases ?? [])]", "[field.name]"],
  ],
  "one-alias": [
    "Only the first alias is looked at.",
    ["...(field.aliases ?? [])", "...(field.aliases ?? []).slice(0, 1)"],
  ],
  "same-types-only": [
    "A long can read an int, and a double every number.",
    [
      "return reader === writer || (isNumber && numbers.indexOf(reader) > numbers.indexOf(writer));",
      "void isNumber;\n  return reader === writer;",
    ],
  ],
  "any-number": [
    "It also lets numbers shrink.",
    [
      "(isNumber && numbers.indexOf(reader) > numbers.indexOf(writer))",
      "(isNumber && numbers.includes(reader))",
    ],
  ],
  "no-long-in-a-float": [
    "A float reads a long although it has fewer bits: the specification says so.",
    [
      "return reader === writer ||",
      'if (reader === "float" && writer === "long") return false;\n  return reader === writer ||',
    ],
  ],
  "numbers-as-text": [
    "A string is taken for a type that reads everything.",
    ["return reader === writer ||", 'return reader === writer || reader === "string" ||'],
  ],
  "unions-only-as-they-are": [
    "A reader's union is taken to read only the same union.",
    ["reads(to[1], from[1])", "to[1] === from[1]"],
  ],
  "no-value-into-a-union": [
    "A field that has become nullable is refused.",
    [
      'return reads(typeof to === "string" ? to : to[1], from);',
      'return typeof to === "string" && reads(to, from);',
    ],
  ],
  "null-ignored": [
    "A reader without null meets a null.",
    [
      UNION,
      'if (typeof from !== "string") return reads(typeof to === "string" ? to : to[1], from[1]);',
    ],
  ],
  "the-same-fields": [
    "It refuses every field that the reader does not have.",
    [
      "return reader.fields.every((field) => {",
      "if (reader.fields.length < writer.fields.length) return false;\n  return reader.fields.every((field) => {",
    ],
  ],
};
