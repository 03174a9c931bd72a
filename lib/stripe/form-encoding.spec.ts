import * as fc from 'fast-check';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { encodeForm } from './form-encoding';
import type { VendorParams } from './form-encoding';
import { anyText } from '../../test/support/any-text';

describe('form encoding', () => {
  it('writes nested maps and arrays the way Stripe reads them', () => {
    expect(
      encodeForm({
        amount: 1250,
        expand: ['customer', 'latest_charge'],
        metadata: { order: 'o_1', 'two words': 'a & b = c+d' },
        line_items: [{ price: 'price_1', quantity: 2 }],
      }),
    ).toBe(
      'amount=1250&expand[0]=customer&expand[1]=latest_charge&metadata[order]=o_1&metadata[two%20words]=a%20%26%20b%20%3D%20c%2Bd&line_items[0][price]=price_1&line_items[0][quantity]=2',
    );
  });

  it('writes null as empty, leaves undefined out, and spells booleans and bigints', () => {
    expect(
      encodeForm({ a: null, b: undefined, c: true, d: false, e: 12345678901234567890n, f: 12.5 }),
    ).toBe('a=&c=true&d=false&e=12345678901234567890&f=12.5');
  });

  it('writes nothing for nothing', () => {
    expect(encodeForm({})).toBe('');
    expect(encodeForm({ metadata: {}, expand: [] })).toBe('');
  });

  it.each<[string, unknown, string]>([
    ['a Date', { when: new Date(0) }, 'when'],
    ['a number that is not finite', { amount: Number.NaN }, 'amount'],
    ['a whole number that is not exact', { amount: 2 ** 53 }, 'amount'],
    ['a number that needs an exponent', { rate: 1e-9 }, 'rate'],
    ['a function', { metadata: { call: () => 1 } }, 'metadata[call]'],
    ['a symbol', { a: [Symbol('s')] }, 'a[0]'],
    ['a Map', { a: new Map() }, 'a'],
    ['a gap in an array', { a: ['x', undefined] }, 'a[1]'],
    ['broken Unicode', { a: '\ud800' }, 'a'],
    ['brackets in a name', { 'amount[0]': 1 }, 'amount[0]'],
    ['brackets in an inner name', { metadata: { 'a]': 1 } }, 'metadata[a]]'],
    ['an empty name', { metadata: { '': 1 } }, 'metadata[]'],
    ['no object', 'amount=1', 'params'],
    ['an array', [1], 'params'],
  ])('refuses %s, and names it', (_title, params, param) => {
    const encode = (): string => encodeForm(params as VendorParams);

    expect(encode).toThrow(CallRefusedException);
    expect(encode).toThrow(expect.objectContaining({ code: 'invalid_request', param }) as Error);
  });

  it('refuses what contains itself', () => {
    const params: Record<string, unknown> = {};
    params['metadata'] = params;

    expect(() => encodeForm(params as VendorParams)).toThrow('nested deeper than 8 levels');
  });

  it('writes any text so that it is read back as the same text, under the same name', () => {
    const text = anyText().filter((value) => value.isWellFormed());
    const name = text.filter((value) => value !== '' && !/[[\]]/.test(value));
    fc.assert(
      fc.property(fc.dictionary(name, text), (params) => {
        const read = [...new URLSearchParams(encodeForm(params))];
        expect(read).toEqual(Object.entries(params));
      }),
    );
  });
});
