import fc from 'fast-check';
import { BrokerRefusal } from '../../refusal';
import { ParameterList } from '../../pricing/parameter-list';
import { toFormBody } from '../../pricing/parameters';
import type { Parameter } from '../../pricing/parameters';
import { parseBody } from '../../forwarding/request-body';
import { stripe } from './stripe';
import { STRIPE_CALLS } from './calls/index';
import { propertyRuns } from '../../../../test/support/property-runs';

const FREE = Object.entries(STRIPE_CALLS)
  .filter(([, { rule }]) => rule === 'free')
  .map(([call]) => call);
const NAMES = new Map(
  Object.entries(STRIPE_CALLS).flatMap(([call, row]) =>
    'parameters' in row ? [[call, new ParameterList(row.parameters).names()]] : [],
  ),
);

/** A listed name as a call gives it: `expand[]`, `custom_fields[0][name]`, `metadata[k]`. */
const given = (name: string, index = '0', key = 'k'): string[] =>
  partsOf(name).map((part) => (part === '' ? index : part === '*' ? key : part));

function partsOf(name: string): string[] {
  const [top = '', ...rest] = name.replaceAll(']', '').split('[');
  return [top, ...rest];
}

/** The same as one name of a form: `custom_fields[0][name]`. */
function formName(name: string, index: number): string {
  return nameIn(given(name, String(index), `k${index}`));
}

/** The body with which a call leaves the broker; `undefined` where it is refused. */
function forwardedBody(call: string, body: string): string | undefined {
  const [method = '', path = ''] = call.split(' ');
  const segments = path.replaceAll('*', 'id_1').split('/');
  try {
    const type = 'application/x-www-form-urlencoded';
    const { parameters, decimals } = parseBody(Buffer.from(body), type);
    const priceable = { method, segments, parameters: stripe.canonical(parameters), decimals };
    expect(stripe.price(priceable)).toEqual({ kind: 'free' });
    return toFormBody(priceable.parameters);
  } catch (error) {
    if (error instanceof BrokerRefusal) return undefined;
    throw error;
  }
}

/** What becomes of a call with these parameters alone. */
function refusalOf(call: string, parameters: readonly Parameter[]): BrokerRefusal | undefined {
  const [method = '', path = ''] = call.split(' ');
  try {
    stripe.price({
      method,
      segments: path.replaceAll('*', 'id_1').split('/'),
      parameters,
      decimals: new Set(),
    });
  } catch (error) {
    if (error instanceof BrokerRefusal) return error;
    throw error;
  }
  return undefined;
}

describe('the parameters that Stripe’s calls are forwarded with', () => {
  it('pass one by one in every free call, and their lists and maps may be cleared', () => {
    for (const call of FREE) {
      for (const name of NAMES.get(call) ?? []) {
        const path = given(name);
        expect([call, name, refusalOf(call, [{ path, value: '1' }])]).toEqual([
          call,
          name,
          undefined,
        ]);
        for (let length = 1; length < path.length; length++) {
          const cleared = { path: path.slice(0, length), value: '' };
          expect(refusalOf(call, [cleared])).toBeUndefined();
        }
      }
    }
  });

  it('are no others: a name that is on no list passes nowhere in any free call', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'balance',
        'account_balance',
        'source',
        'card',
        'plan',
        'coupon',
        'trial_end',
        'cash_balance',
        'transfer_lookup_key',
        'amount',
        'metadata',
        'expand',
        'customer',
        'email',
        '0',
        '',
        '*',
        '{',
        'toString',
        'has',
      ),
      fc.stringMatching(/^[a-z_]{1,12}$/),
    );
    let tried = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...FREE),
        fc.nat(),
        fc.nat(6),
        fc.constantFrom('insert', 'replace', 'append', 'cut'),
        part,
        fc.boolean(),
        (call, which, at, how, other, isLast) => {
          const listed = NAMES.get(call) ?? [];
          const path = given(listed[which % Math.max(1, listed.length)] ?? 'email');
          const place = at % path.length;
          if (how === 'insert') path.splice(place, 0, other);
          if (how === 'replace') path.splice(place, 1, other);
          if (how === 'append') path.push(other);
          if (how === 'cut') path.splice(place + 1);
          if (listed.some((name) => fits(name, path))) return;
          tried++;
          const harmless = { path: ['expand', ''], value: 'x' };
          const unknown = { path, value: '1' };
          const some = listed.includes('expand[]') ? [harmless] : [];
          const refusal = refusalOf(call, isLast ? [...some, unknown] : [unknown, ...some]);
          expect([path, refusal?.code]).toEqual([path, 'parameter_not_allowed']);
          expect(refusal?.fields['parameter']).toBe(nameIn(path));
        },
      ),
      { numRuns: propertyRuns(5_000) },
    );
    expect(tried).toBeGreaterThan(propertyRuns(1_000));
  });

  it('leave the broker for a free call only where all of them are on its list', () => {
    const everyName = [...new Set([...NAMES.values()].flat())];
    let forwarded = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...FREE),
        fc.array(fc.nat(), { maxLength: 4 }),
        fc.option(fc.constantFrom(...everyName, 'balance', 'source', 'transfer_data[destination]')),
        fc.nat(5),
        (call, own, other, place) => {
          const listed = NAMES.get(call) ?? [];
          const names = listed.length === 0 ? [] : own.map((i) => listed[i % listed.length] ?? '');
          if (other !== null) names.splice(place, 0, other);
          const given = new Map(names.map((name, i) => [formName(name, i), String(i + 1)]));
          const body = [...given].map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
          const sent = forwardedBody(call, body);
          const isHarmless = [...given.keys()].every((name) =>
            listed.some((each) => fits(each, partsOf(name))),
          );
          // A name that is a value and a map at once is refused whatever the list says.
          if (!isHarmless) return expect(sent).toBeUndefined();
          if (sent === undefined) return undefined;
          forwarded++;
          return expect([...new URLSearchParams(sent)]).toEqual([...given]);
        },
      ),
      { numRuns: propertyRuns(5_000) },
    );
    expect(forwarded).toBeGreaterThan(propertyRuns(500));
  });

  it.each([
    ['amount', ['amount', 'x'], 'invalid_amount'],
    ['a name of the table', ['Amount'], 'parameter_not_allowed'],
    ['what is on another call’s list', ['final_capture'], 'parameter_not_allowed'],
    ['what is nested deeper', ['metadata', 'a', 'b'], 'parameter_not_allowed'],
    ['an item of what is no list', ['description', '0'], 'parameter_not_allowed'],
    ['a plain value for a list', ['expand'], 'parameter_not_allowed'],
  ])('a priced call has a list too: %s', (_what, path, code) => {
    const priced = [
      { path: ['amount'], value: '1' },
      { path: ['currency'], value: 'usd' },
    ];
    expect(refusalOf('POST payment_intents', priced)).toBeUndefined();
    expect(refusalOf('POST payment_intents', [...priced, { path, value: '1' }])?.code).toBe(code);
  });
});

/** Whether a path is one of a listed name, read without the code under test. */
function fits(name: string, path: readonly string[]): boolean {
  const parts = partsOf(name);
  return (
    parts.length === path.length &&
    parts.every((part, i) =>
      part === '*' ? true : part === '' ? /^\d*$/.test(path[i] ?? 'x') : part === path[i],
    )
  );
}

function nameIn([top = '', ...rest]: readonly string[]): string {
  return top + rest.map((part) => `[${part}]`).join('');
}
