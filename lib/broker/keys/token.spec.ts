import fc from 'fast-check';
import { hashToken, isWellFormedToken, newToken, randomBase62, withoutTokens } from './token';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('a vault key’s token', () => {
  it('is well-formed, carries more than 160 random bits, and is never drawn twice', () => {
    const tokens = Array.from({ length: 2_000 }, newToken);
    expect(new Set(tokens).size).toBe(2_000);
    for (const token of tokens) {
      expect(token).toMatch(/^vault_key_[0-9A-Za-z]{34}$/);
      expect(isWellFormedToken(token)).toBe(true);
    }
    expect(28 * Math.log2(62)).toBeGreaterThan(160);
  });

  it('draws every character of base62 alike', () => {
    const counts = new Map<string, number>();
    const text = randomBase62(124_000);
    expect(text).toHaveLength(124_000);
    for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(BASE62.split('').sort());
    // 2,000 each; five standard deviations are 222.
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(260);
  });

  it('is not well-formed with any one character changed, or more or fewer of them', () => {
    fc.assert(
      fc.property(fc.nat(43), fc.constantFrom(...BASE62.split('')), (at, character) => {
        const token = newToken();
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(isWellFormedToken(changed)).toBe(changed === token);
      }),
    );
    const token = newToken();
    for (const text of [
      '',
      'vault_key_',
      `${token}0`,
      token.slice(0, -1),
      ` ${token}`,
      `${token}\n`,
      token.toUpperCase(),
    ]) {
      expect(isWellFormedToken(text)).toBe(false);
    }
  });

  it('is stored as its SHA-256 alone, and struck out wherever a caller puts it', () => {
    const token = newToken();
    expect(hashToken(token)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashToken(token)).not.toBe(hashToken(newToken()));
    expect(withoutTokens(`/v1/${token}/a?b=${token}`)).toBe('/v1/vault_key_…/a?b=vault_key_…');
    expect(withoutTokens('/v1/payment_intents')).toBe('/v1/payment_intents');
  });
});
