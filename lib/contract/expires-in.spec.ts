import fc from 'fast-check';
import { parseExpiresIn } from './expires-in';

describe('expires_in', () => {
  it('is digits and a unit, from 1s to 24h', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.constantFrom('s', 'm', 'h'),
        (n, unit) => {
          const ms = n * { s: 1_000, m: 60_000, h: 3_600_000 }[unit];
          expect(parseExpiresIn(`${n}${unit}`)).toBe(ms <= 86_400_000 ? ms : undefined);
        },
      ),
    );
  });

  it('is nothing else', () => {
    for (const value of [
      '',
      's',
      '0s',
      '05m',
      '5',
      '5ms',
      '5M',
      '5 m',
      ' 5m',
      '5m ',
      '5m\n',
      '+5m',
      '-5m',
      '1.5h',
      '1e1s',
      '5d',
      '٥m',
      '999999999999h',
      null,
      undefined,
      5,
      {},
      ['5m'],
    ]) {
      expect([value, parseExpiresIn(value)]).toEqual([value, undefined]);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (parseExpiresIn(text) !== undefined) expect(text).toMatch(/^[1-9]\d*[smh]$/);
      }),
    );
  });
});
