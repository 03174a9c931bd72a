import { ManagementTokens } from './management-tokens';

const [OLD, NEXT] = ['a'.repeat(40), 'b'.repeat(40)];

describe('management tokens', () => {
  it('are the same in whatever order', () => {
    const tokens = new ManagementTokens([OLD, NEXT]);
    expect(tokens.are([NEXT, OLD])).toBe(true);
    expect(tokens.are([OLD])).toBe(false);
    expect(tokens.are([OLD, 'c'.repeat(40)])).toBe(false);
  });

  it('are others where one of two has gone, though the other is given twice', () => {
    expect(new ManagementTokens([OLD, NEXT]).are([NEXT, NEXT])).toBe(false);
    expect(new ManagementTokens([NEXT, NEXT]).are([OLD, NEXT])).toBe(false);
    expect(new ManagementTokens([NEXT, NEXT]).are([NEXT])).toBe(true);
  });
});
