import { MAX_INPUT, seedsOf } from './mutation';
import { targets } from './targets';

describe.each(targets)('the parser of $name', (target) => {
  it.each(seedsOf(target.name).map((seed) => ({ seed })))(
    'reads $seed as its independent reader does, or refuses it',
    ({ seed }) => {
      target.check(seed);
    },
  );
});

describe('the parser of json', () => {
  it('lets few bytes stand for few: one long name over a thousand values is soon refused', () => {
    const json = targets.find(({ name }) => name === 'json');
    const values = Array(1_000).fill(1).join(',');
    const name = 'n'.repeat(MAX_INPUT - values.length - 64);
    const before = process.cpuUsage();
    expect(json?.check(`{"metadata":{"${name}":[${values}]}}`)).toBe(false);
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});
