import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { parseBody } from '../../../lib/broker/forwarding/request-body';
import type { RequestBody } from '../../../lib/broker/forwarding/request-body';
import { nameOf, toFormBody } from '../../../lib/broker/pricing/parameters';
import { BrokerRefusal } from '../../../lib/broker/refusal';
import { decodeForm } from '../../../lib/testing/stripe/form-params';
import { MAX_INPUT, mutated, seedsOf } from '../mutation';
import { must, mustEqual } from '../target';
import type { FuzzTarget } from '../target';
import { anyText } from '../../support/any-text';

/** A body as it is sent. */
export const TYPES = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
} as const;

/** The body of an input; `undefined` where it is refused. A character beyond a byte goes as UTF-8. */
export function read(input: string, type: keyof typeof TYPES): RequestBody | undefined {
  const bytes = bytesOf(input);
  return bytes.length > MAX_INPUT ? undefined : parsed(bytes, type);
}

function parsed(bytes: Buffer, type: keyof typeof TYPES): RequestBody | undefined {
  try {
    return parseBody(bytes, TYPES[type]);
  } catch (error) {
    if (error instanceof BrokerRefusal) return undefined;
    throw error;
  }
}

/** Bytes as they stand where every character is one, so that broken UTF-8 comes up too. */
export function bytesOf(input: string): Buffer {
  return Buffer.from(input, /^[\0-\xff]*$/.test(input) ? 'latin1' : 'utf8');
}

/** A body that was accepted says the same once it is written anew, to every reader. */
export function checkWritten(body: RequestBody): string {
  const written = toFormBody(body.parameters);
  // Escapes lengthen what leaves, but few bytes must not stand for megabytes.
  must(written.length <= 20 * MAX_INPUT, `the body became ${written.length} bytes`);
  const pairs = body.parameters.map(({ path, value }) => [nameOf(path), value] as const);
  mustEqual([...new URLSearchParams(written)], pairs, 'as URLSearchParams reads it anew');
  mustEqual(
    parsed(Buffer.from(written), 'form')?.parameters ?? [],
    body.parameters,
    'as it reads itself anew',
  );
  mustEqual(leavesOf(decodeForm(written)), pairs.length, 'as many values as a vendor reads');
  return written;
}

function leavesOf(value: unknown): number {
  if (typeof value === 'string') return 1;
  return Object.values(value as object).reduce<number>((sum, item) => sum + leavesOf(item), 0);
}

/** Few bytes that stand for many: one long name over a thousand small values. */
const longNames: Arbitrary<string> = fc
  .tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 1_100 }), fc.boolean())
  .map(([length, count, map]) => {
    const name = 'n'.repeat(length);
    const items = Array.from({ length: count }, (_, i) => (map ? `"${i.toString(36)}":1` : '1'));
    const [begin, end] = map ? '{}' : '[]';
    return `{"metadata":{"${name}":${begin}${items.join(',')}${end}}}`;
  });

const formParts = [
  '&', '=', ';', '+', '%', '%20', '%00', '%zz', '%C3%A9', '%FF', '%5B', '%5D', '[', ']', '[]', '[0]',
  'amount=', 'amount[]=', 'currency=usd', 'metadata[a]=', '__proto__', 'constructor', '_method=GET',
  'a=1&', '\u00e9', '\uff11', '?', '\ufeff', 'x[a][b][c][d][e][f][g][h]=1',
]; // prettier-ignore

export const form: FuzzTarget = {
  name: 'form',
  inputs: fc.oneof(
    mutated(seedsOf('form'), formParts),
    fc
      .array(fc.tuple(fc.stringMatching(/^[a-z]{1,3}(\[[a-z0-9]{0,2}\]){0,3}$/), anyText()), {
        maxLength: 40,
      })
      .map((pairs) =>
        new URLSearchParams(
          pairs.map(([name, value]): [string, string] => [name, value.toWellFormed()]),
        ).toString(),
      ),
  ),
  check(input) {
    const body = read(input, 'form');
    if (body === undefined) return false;
    const bytes = bytesOf(input);
    const pairs = body.parameters.map(({ path, value }) => [nameOf(path), value]);
    mustEqual([...new URLSearchParams(bytes.toString())], pairs, 'as URLSearchParams reads it');
    checkWritten(body);
    return true;
  },
};

const jsonParts = [
  '{', '}', '[', ']', ',', ':', '"', '\\', '\\"', '\\u0000', '\\ud800', '\\u0061', 'null', 'true', '1', '-0',
  '1.0', '1e2', '1E400', '0.1', '01', '"amount":', '"amount":100', '"__proto__":', '"a":1,', '{"a":1}', '[1]',
  ' ', '\t', '\n', '\u00a0', '\u2028', '\ufeff', '12345678901234567890', '/**/', "'",
]; // prettier-ignore

export const json: FuzzTarget = {
  name: 'json',
  inputs: fc.oneof(
    { weight: 6, arbitrary: mutated(seedsOf('json'), jsonParts) },
    { weight: 3, arbitrary: fc.json({ maxDepth: 9 }).map((text) => `{"metadata":${text}}`) },
    { weight: 1, arbitrary: longNames },
  ),
  check(input) {
    const body = read(input, 'json');
    if (body === undefined) return false;
    const bytes = bytesOf(input);
    if (bytes.length === 0) return false;
    const value = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const expected = Object.entries(value).flatMap(([name, item]) => flatten(name, item));
    const found = body.parameters.map(({ path, value: text }) => [nameOf(path), text] as const);
    mustEqual(found.length, expected.length, 'as many values as JSON.parse reads');
    const byName = new Map(found);
    for (const [name, item] of expected) {
      const text = byName.get(name);
      const same =
        typeof item === 'number' ? text !== undefined && Number(text) === item : text === item;
      must(same, `${name.slice(0, 64)} is ${text?.slice(0, 64)}, and JSON.parse reads ${item}`);
    }
    checkWritten(body);
    return true;
  },
};

function flatten(name: string, value: unknown): [string, string | number][] {
  if (value === null) return [[name, '']];
  if (typeof value === 'object') {
    return Object.entries(value).flatMap(([key, item]) => flatten(`${name}[${key}]`, item));
  }
  return [
    [name, typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value)],
  ];
}
