import fc from 'fast-check';
import { parseBody } from '../forwarding/request-body';
import { BrokerRefusal } from '../refusal';
import { stripe } from '../vendors/stripe/stripe';
import { parseFormBody } from './form-body';
import { parseJsonBody } from './json-body';
import { nameOf, ParameterSink, toFormBody } from './parameters';
import type { Price } from './price';
import { propertyRuns } from '../../../test/support/property-runs';
import { anyText } from '../../../test/support/any-text';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

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
  it('reads the same before and after it is written again, to another parser too', () => {
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
      { numRuns: propertyRuns(3_000) },
    );
  });

  it('of any names and values survives the round trip', () => {
    const part = anyText({ minLength: 1 }).filter(
      (text) =>
        !/[[\]\0]/.test(text) &&
        text.isWellFormed() &&
        !['__proto__', 'prototype', 'constructor'].includes(text),
    );
    const value = anyText().filter((text) => text.isWellFormed() && !text.includes('\0'));
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
      { numRuns: propertyRuns(3_000) },
    );
    expect(priced).toBeGreaterThan(50);
  });

  it('is the same for JSON and for the form that JSON means', () => {
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
      { numRuns: propertyRuns(1_000) },
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

describe('a JSON body’s grammar', () => {
  it('is JSON’s own: what is read is valid JSON, and valid JSON is not malformed', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '"b"',
      '\\',
      '\\u0041',
      '\\x',
      '\n',
      ' ',
      '\u0001',
      '0',
      '1',
      '01',
      '-',
      '-1',
      '1.',
      '.5',
      '1.5',
      '1e2',
      '1E',
      '+1',
      'true',
      'nul',
      'null',
      '\ufeff',
    );
    const edited = fc
      .tuple(
        fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify({ metadata: value }, null, 1)),
        fc.array(fc.tuple(fc.nat(), fc.nat(2), piece), { maxLength: 3 }),
      )
      .map(([text, edits]) =>
        edits.reduce((edit, [at, cut, insert]) => {
          const place = at % (edit.length + 1);
          return edit.slice(0, place) + insert + edit.slice(place + cut);
        }, text),
      );
    const made = fc.array(piece, { maxLength: 12 }).map((parts) => `{${parts.join('')}}`);
    let valid = 0;
    fc.assert(
      fc.property(fc.oneof(edited, made), (text) => {
        const isValid = isJson(text);
        valid += isValid ? 1 : 0;
        const fault = faultOf(text, 'application/json');
        if (!isValid) expect(fault).toBeDefined();
        else expect(fault ?? '').not.toContain('not one valid JSON document');
      }),
      { numRuns: propertyRuns(5_000) },
    );
    expect(valid).toBeGreaterThan(propertyRuns(500));
  });
});

describe('the limits of a body', () => {
  /** Counts the parameters that are looked at. */
  class CountingSink extends ParameterSink {
    looks = 0;

    override add(path: readonly string[], value: string): void {
      this.looks++;
      super.add(path, value);
    }
  }
  const many = (count: number, one: (i: number) => string, by: string) =>
    Array.from({ length: count }, (_, i) => one(i)).join(by);

  it.each([
    ['form', many(16_000, () => 'a[]=', '&')],
    ['form', many(5_000, (i) => `a[b][c][d][e][f][g][${i}]=`, '&')],
    ['JSON', `{"a":[${many(30_000, () => '1', ',')}]}`],
    ['JSON', `{"a":{${many(5_000, (i) => `"${i}":1`, ',')}}}`],
  ])('stop the reading of a %s at the first parameter too many', (type, text) => {
    const sink = new CountingSink();
    const read = () => (type === 'JSON' ? parseJsonBody(text, sink) : parseFormBody(text, sink));
    expect(read).toThrow('more than 1000 parameters');
    expect(sink.looks).toBe(1_001);
  });

  /** What is malformed behind the limit is not read any more. */
  it.each([
    ['number', FORM, `${many(1_001, (i) => `a${i}=1`, '&')}&%ZZ=%`, 'more than 1000 parameters'],
    ['number', JSON_TYPE, `{"a":[${many(1_001, () => '1', ',')},nonsense`, 'more than 1000'],
    ['depth', FORM, `a${'[b]'.repeat(8)}=1&%ZZ=%`, 'deeper than 8 levels'],
    ['depth', FORM, `a${'[b]'.repeat(8)}[[[=1`, 'deeper than 8 levels'],
    ['depth', JSON_TYPE, `{"a":${'{"a":'.repeat(8)}nonsense`, 'deeper than 8 levels'],
    ['depth', JSON_TYPE, `{"a":${'['.repeat(30_000)}`, 'deeper than 8 levels'],
    ['length', JSON_TYPE, `{"${'n'.repeat(60_000)}":[1,1,1,nonsense`, 'too long'],
  ])('stop it at the %s of %s', (_what, type, text, fault) => {
    expect(faultOf(text, type)).toContain(fault);
  });
});

function faultOf(text: string, type: string): string | undefined {
  try {
    parseBody(Buffer.from(text), type);
  } catch (error) {
    if (error instanceof BrokerRefusal) return error.message;
    throw error;
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** An independent reading of JSON as form parameters. */
function flatten(name: string, value: unknown): [string, string][] {
  if (value === null) return [[name, '']];
  if (typeof value === 'object') {
    return Object.entries(value).flatMap(([key, item]) => flatten(`${name}[${key}]`, item));
  }
  return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
}
