import { BrokerChoice, attemptEnds } from './broker-choice';

const named = (name: string) => ({ name });

describe('which broker is asked', () => {
  const [one, two, three] = [named('one'), named('two'), named('three')];
  let now: number;
  let choice: BrokerChoice<{ name: string }>;
  beforeEach(() => {
    now = 1_000;
    choice = new BrokerChoice([one, two, three], () => now);
  });
  const order = () => choice.inOrder().map(({ name }) => name);

  it('is the first of the list at the start', () => {
    expect(order()).toEqual(['one', 'two', 'three']);
  });

  it('is the one that took over, for as long as it works, and not the first again', () => {
    choice.failed(one);
    choice.worked(two);
    expect(order()).toEqual(['two', 'three', 'one']);
    now += 60_000;
    choice.worked(one);
    expect(order()).toEqual(['two', 'one', 'three']);
  });

  it('is one that has failed only where no other is left, for ten seconds', () => {
    choice.failed(two);
    expect(order()).toEqual(['one', 'three', 'two']);
    now += 9_999;
    expect(order()).toEqual(['one', 'three', 'two']);
    now += 1;
    expect(order()).toEqual(['one', 'two', 'three']);
  });

  it('is, where all have failed, the one that failed first', () => {
    for (const broker of [two, one, three, two]) choice.failed(broker);
    expect(order()).toEqual(['one', 'three', 'two']);
  });

  it('is one that has failed as soon as it has answered', () => {
    choice.failed(one);
    choice.worked(one);
    expect(order()).toEqual(['one', 'two', 'three']);
  });
});

describe('the time for all attempts', () => {
  it('is divided among those that are left, and ends after ten seconds whatever their number', () => {
    const began = performance.now();
    for (const attempts of [2, 3, 16]) {
      const ends = attemptEnds(attempts);
      const first = Number(ends.next().value) - began;
      expect(first).toBeGreaterThanOrEqual(10_000 / attempts);
      expect(first).toBeLessThan(10_000 / attempts + 1_000);
      for (let i = 2; i < attempts; i++) ends.next();
      const last = Number(ends.next().value) - began;
      expect(last).toBeGreaterThanOrEqual(10_000);
      expect(last).toBeLessThan(11_000);
    }
  });

  it('has no end where there is one broker, whose own limits decide', () => {
    expect(attemptEnds(1).next().value).toBeUndefined();
  });
});
