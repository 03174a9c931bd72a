import fc from 'fast-check';
import { parseBody } from '../forwarding/request-body';
import { BrokerRefusal } from '../refusal';
import { stripe } from './stripe';
import { nameOf, toFormBody } from './parameters';
import type { Price } from './price';

const FORM = 'application/x-www-form-urlencoded';

/** What another parser reads in a form body. */
const readElsewhere = (body: string): [string, string][] => [...new URLSearchParams(body)];

function parse(text: string, type = FORM) {
  try {
    return parseBody(Buffer.from(text), type);
  } catch (error) {
    if (error instanceof BrokerRefusal) return undefined;
    throw error;
  }
}

function priceOfCreate(text: string, type = FORM): { price: Price; body: string } | undefined {
  const body = parse(text, type);
  if (body === undefined) return undefined;
  try {
    const parameters = stripe.canonical(body.parameters);
    const price = stripe.price({
      method: 'POST',
      segments: ['payment_intents'],
      parameters,
      decimals: body.decimals,
    });
    return { price, body: toFormBody(parameters) };
  } catch (error) {
    if (error instanceof BrokerRefusal) return undefined;
    throw error;
  }
}

const trouble = fc
  .array(
    fc.constantFrom(
      'amount',
      'currency',
      'usd',
      'USD',
      '=',
      '=',
      '&',
      '&',
      '1',
      '100',
      '0',
      '%31',
      '%61mount',
      '[',
      ']',
      '[]',
      '[0]',
      '%5B',
      '%5D',
      '+',
      ' ',
      '%20',
      ';',
      '%00',
      '.',
      'e2',
      '-',
      '%',
      '%E2%82%AC',
      '%FF',
      'metadata',
      '__proto__',
      '\u0661',
      'amount=100&currency=usd',
      'amount=5',
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));

describe('a form body', () => {
  it('reads the same before and after it is written anew, to another parser too', () => {
    fc.assert(
      fc.property(fc.oneof(trouble, fc.string()), (text) => {
        const body = parse(text);
        if (body === undefined) return;
        const written = toFormBody(body.parameters);
        expect(parse(written)?.parameters ?? []).toEqual(body.parameters);
        expect(readElsewhere(written)).toEqual(
          body.parameters.map(({ path, value }) => [nameOf(path), value]),
        );
        // And what came in said nothing else to that parser.
        expect(readElsewhere(text)).toEqual(readElsewhere(written));
      }),
      { numRuns: 3_000 },
    );
  });

  it('of any names and values survives the round trip', () => {
    const part = fc
      .string({ minLength: 1, unit: 'binary' })
      .filter(
        (text) =>
          !/[[\]\0]/.test(text) &&
          text.isWellFormed() &&
          !['__proto__', 'prototype', 'constructor'].includes(text),
      );
    const value = fc
      .string({ unit: 'binary' })
      .filter((text) => text.isWellFormed() && !text.includes('\0'));
    fc.assert(
      fc.property(
        fc.dictionary(part, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true }),
        (entries) => {
          const parameters = Object.entries(entries).map(([name, text]) => ({
            path: ['metadata', name],
            value: text,
          }));
          expect(parse(toFormBody(parameters))?.parameters).toEqual(parameters);
        },
      ),
    );
  });
});

describe('the price of a payment', () => {
  it('is what any parser reads in the body that leaves', () => {
    let priced = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          trouble,
          trouble.map((text) => `amount=100&currency=usd&${text}`),
          fc
            .tuple(fc.integer({ min: 1, max: 99_999_999 }), fc.string())
            .map(([amount, description]) =>
              new URLSearchParams({
                amount: String(amount),
                description,
                currency: 'USD',
              }).toString(),
            ),
        ),
        (text) => {
          const found = priceOfCreate(text);
          if (found === undefined || found.price.kind !== 'amount') return;
          priced++;
          const read = new URLSearchParams(found.body);
          expect(read.getAll('amount')).toEqual([String(found.price.amount)]);
          expect(read.getAll('currency')).toEqual([found.price.currency]);
          expect([...read.keys()].filter((name) => /^\W*(?:amount|currency)\W/.test(name))).toEqual(
            [],
          );
          expect(found.price.micros).toBe(Number(read.get('amount')) * 10_000);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(priced).toBeGreaterThan(50);
  });

  it('is the same for JSON and for the form that JSON stands for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 100_000_005 }),
        fc.constantFrom('usd', 'USD', 'uSd', 'eur'),
        fc.dictionary(
          fc.stringMatching(/^[a-z_]{1,8}$/),
          fc.oneof(fc.string(), fc.boolean(), fc.integer()),
        ),
        (amount, currency, metadata) => {
          const asJson = priceOfCreate(
            JSON.stringify({ amount, currency, metadata: { x: 1, ...metadata } }),
            'application/json',
          );
          const asForm = priceOfCreate(`amount=${amount}&currency=${currency}`);
          expect(asJson === undefined || asJson.price.kind).toEqual(
            asForm === undefined || asForm.price.kind,
          );
          if (asJson?.price.kind === 'amount') expect(asJson.price).toEqual(asForm?.price);
        },
      ),
    );
  });
});

describe('a JSON body', () => {
  it('becomes the form that says the same, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 1), (value, space) => {
        const text = JSON.stringify({ metadata: value }, null, space);
        const body = parse(text, 'application/json');
        if (body === undefined) return;
        const written = readElsewhere(toFormBody(body.parameters));
        expect(written).toEqual(flatten('metadata', JSON.parse(JSON.stringify(value)) as unknown));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps the digits of a number as they were written', () => {
    for (const digits of ['12345678901234567890', '1.50', '1E400', '-0', '0.1e-5', '1e+2']) {
      expect(parse(`{"metadata":{"n": ${digits} }}`, 'application/json')?.parameters).toEqual([
        { path: ['metadata', 'n'], value: digits },
      ]);
    }
  });
});

/** An independent reading of JSON as form parameters. */
function flatten(name: string, value: unknown): [string, string][] {
  if (value === null) return [[name, '']];
  if (typeof value === 'object') {
    return Object.entries(value).flatMap(([key, item]) => flatten(`${name}[${key}]`, item));
  }
  return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
}
