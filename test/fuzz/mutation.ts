import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { anyText } from '../support/any-text';

/** The longest input: what a body may have at most. */
export const MAX_INPUT = 65_536;

const SEEDS = join(process.cwd(), 'test/fuzz/seeds');

/** The kept inputs of a target. */
export function seedsOf(name: string): readonly string[] {
  return JSON.parse(readFileSync(join(SEEDS, `${name}.json`), 'utf8')) as string[];
}

/** Seeds with bytes changed, dropped, doubled, swapped in from another seed, or a long run of one part. */
export function mutated(seeds: readonly string[], parts: readonly string[]): Arbitrary<string> {
  const seed = fc.constantFrom(...seeds);
  const piece = fc.oneof(
    fc.constantFrom(...parts),
    anyText({ maxLength: 3 }),
    fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  );
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(3),
    piece,
  });
  const edited = fc.tuple(seed, fc.array(edit, { maxLength: 6 })).map(([text, edits]) =>
    edits.reduce((result, { at, drop, piece: inserted }) => {
      const place = Math.floor(at * result.length);
      return result.slice(0, place) + inserted + result.slice(place + drop);
    }, text),
  );
  const spliced = fc
    .tuple(edited, edited, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([one, other, at]) => {
      const place = Math.floor(at * one.length);
      return one.slice(0, place) + other.slice(Math.min(place, other.length));
    });
  const joined = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
  const long = fc
    .tuple(edited, piece, edited, fc.integer({ min: 1, max: MAX_INPUT }))
    .map(([head, unit, tail, length]) => {
      const run = unit.repeat(Math.ceil(length / Math.max(1, unit.length)));
      return (head + run.slice(0, length) + tail).slice(0, MAX_INPUT);
    });
  return fc.oneof(
    { weight: 8, arbitrary: edited },
    { weight: 3, arbitrary: spliced },
    { weight: 4, arbitrary: joined },
    { weight: 1, arbitrary: long },
  );
}
