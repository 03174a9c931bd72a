import fc from 'fast-check';
import {
  counted,
  minorText,
  percentText,
  readUsd,
  shortUsd,
  sumUsd,
  usdText,
  usedPart,
} from './money';

it.each([
  [0, '$0.00'],
  [12.5, '$12.50'],
  [1234567.89, '$1,234,567.89'],
  [0.000001, '$0.000001'],
  [-3, '-$3.00'],
])('shows %d as %s: cents always, millionths where there are some', (usd, text) => {
  expect(usdText(usd)).toBe(text);
});

it.each([
  [500, 'jpy', '¥500'],
  [1230, 'eur', '€12.30'],
  [1500, 'isk', 'ISK 15.00'],
  [12345, 'kwd', 'KWD 12.345'],
  [7, 'no currency', '7 no currency'],
])('shows %d minor units of %s as %s', (amount, currency, text) => {
  expect(minorText(amount, currency).replace(/\u00a0/g, ' ')).toBe(text);
});

it('adds amounts as the API counts them, without the dust of floating point', () => {
  expect(sumUsd([0.1, 0.2])).toBe(0.3);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 }), { maxLength: 200 }), (micros) => {
      const sum = micros.reduce((all, each) => all + each, 0);
      expect(sumUsd(micros.map((each) => each / 1e6))).toBe(sum / 1e6);
    }),
    { numRuns: 50 },
  );
});

it.each([
  ['12.50', 12.5],
  [' $1,000 ', 1000],
  ['0', 0],
])('reads %j as US dollars', (text, usd) => {
  expect(readUsd(text)).toBe(usd);
});

it.each(['', 'ten', '-1', '1e3', '0.001', '12,5.', '1000001', '.5', 'NaN'])(
  'does not take %j for an amount',
  (text) => {
    expect(readUsd(text)).toBeUndefined();
  },
);

it('never says that a cap is reached before it is', () => {
  expect(percentText(usedPart(79.999, 80))).toBe('99 %');
  expect(percentText(usedPart(80, 80))).toBe('100 %');
  expect(percentText(usedPart(100, 80))).toBe('125 %');
});

it('takes a cap of nothing for one that is reached', () => {
  expect(usedPart(0, 0)).toBe(1);
});

it('counts things by their noun', () => {
  expect([counted(1, 'live key'), counted(0, 'live key'), counted(1200, 'live key')]).toEqual([
    '1 live key',
    '0 live keys',
    '1,200 live keys',
  ]);
});

it('is short at an axis', () => {
  expect([0, 0.005, 0.5, 20, 1500].map(shortUsd)).toEqual([
    '$0',
    '$0.005',
    '$0.50',
    '$20',
    '$1.5K',
  ]);
});
