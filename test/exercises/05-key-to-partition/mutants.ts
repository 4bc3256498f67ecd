import type { Mutants } from "../mutants.js";

export const mutants: Mutants = {
  "absolute-value": [
    "Not the same as clearing the sign bit: another partition.",
    [
      "(murmur2(new TextEncoder().encode(key)) & 0x7fffffff)",
      "Math.abs(murmur2(new TextEncoder().encode(key)))",
    ],
  ],
  "signed-hash": [
    "% keeps the sign: partition −1.",
    [
      "(murmur2(new TextEncoder().encode(key)) & 0x7fffffff)",
      "murmur2(new TextEncoder().encode(key))",
    ],
  ],
  "unsigned-hash": ["The highest bit is kept as a part of the number.", ["& 0x7fffffff", ">>> 0"]],
  "utf-16": [
    "Letters outside of ASCII have other bytes in UTF-8.",
    [
      "(murmur2(new TextEncoder().encode(key)) & 0x7fffffff) % partitions;",
      `(
    (murmur2(Uint8Array.from(key, (letter) => letter.charCodeAt(0))) & 0x7fffffff) % partitions
  );`,
    ],
  ],
};
