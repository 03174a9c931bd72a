import { ConnectionShares } from './connection-shares';
import type { Release } from './connection-shares';

const a = { keyId: 'a', user: 'u1' };
const b = { keyId: 'b', user: 'u1' };
const c = { keyId: 'c', user: 'u2' };

/** Takes one that is free. */
function taken(shares: ConnectionShares, caller: typeof a): Release {
  const reserved = shares.reserve(caller);
  if (reserved instanceof Promise) throw new Error(`${caller.keyId} has to wait`);
  return reserved;
}

describe('connections to a vendor', () => {
  it('that come back go to the first of those that wait and may have one', async () => {
    const shares = new ConnectionShares(8);
    const [first] = [taken(shares, a), taken(shares, a)];
    const begun: string[] = [];
    const waiting = [a, a].map(async (caller, i) => {
      const release = await shares.reserve(caller);
      begun.push(`${caller.keyId}${i}`);
      return release;
    });
    // Its own share is free, so it passes those that wait for theirs.
    const others = [taken(shares, b), taken(shares, b)];
    first?.();
    const release = await waiting[0];
    expect(begun).toEqual(['a0']);
    // A second call of the same release gives nothing back.
    first?.();
    release?.();
    await waiting[1];
    expect(begun).toEqual(['a0', 'a1']);
    others.forEach((each) => each());
  });

  it('are refused after a second, and say what there is too little of', async () => {
    const shares = new ConnectionShares(4);
    taken(shares, a);
    taken(shares, b);
    taken(shares, c);
    taken(shares, { keyId: 'd', user: 'u3' });
    const refused = [a, { keyId: 'e', user: 'u1' }, { keyId: 'f', user: 'u4' }].map((caller) =>
      Promise.resolve(shares.reserve(caller)).catch((error: Error) => error.message),
    );
    expect(await Promise.all(refused)).toEqual([
      expect.stringContaining('this key has 1 of the 4 connections'),
      expect.stringContaining('user has 2 of the 4 connections'),
      expect.stringContaining('all 4 connections'),
    ]);
  });
});
