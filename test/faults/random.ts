import { seededRandom } from "../../labs/source/market.js";

/** Draws from a seed: the same seed, the same draws. */
export interface Random {
  /** From 0 to below 1. */
  unit(): number;
  /** A whole number from `least` to `most`. */
  integer(least: number, most: number): number;
  /** A whole number from `least` to `most`; each order of magnitude is as likely as the others. */
  magnitude(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

/** Draws for one round of a campaign. They do not depend on the rounds before it. */
export function randomOf(seed: number, round: number): Random {
  const unit = seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b));
  const integer = (least: number, most: number) => least + Math.floor(unit() * (most - least + 1));
  return {
    unit,
    integer,
    magnitude: (least, most) => Math.round(least * (most / least) ** unit()),
    chance: (probability) => unit() < probability,
    pick: (list) => list[integer(0, list.length - 1)]!,
  };
}
