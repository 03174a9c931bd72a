import { writingCallsOfClient } from '../../../../../test/support/stripe-client-calls';
import { CallTable } from '../../../pricing/call-table';
import { STRIPE_CALLS } from '.';

const ROWS = Object.entries(STRIPE_CALLS);

describe('the table of Stripe’s calls', () => {
  it('has a row for every call that the installed client can make, and for no other', async () => {
    const calls = await writingCallsOfClient();
    expect(calls.length).toBeGreaterThan(300);
    expect(calls.filter((call) => STRIPE_CALLS[call] === undefined)).toEqual([]);
    expect(Object.keys(STRIPE_CALLS).filter((call) => !calls.includes(call))).toEqual([]);
  });

  it('answers each call by its own row, not by one that fits it too', () => {
    const table = new CallTable(ROWS.map(([call]) => [call, call] as const));
    for (const [call] of ROWS) {
      const [method = '', path = ''] = call.split(' ');
      expect(table.find(method, path.split('/'))).toBe(call);
    }
  });

  it('names for each call its page in Stripe’s reference, without what is the same in all', () => {
    for (const [call, { page }] of ROWS) {
      expect([call, page]).toEqual([
        call,
        expect.stringMatching(/^[a-z][a-z_-]*(?:\/[a-z][a-z_-]*){0,3}$/),
      ]);
    }
  });

  it('gives a reason for each refusal, as the rest of a sentence', () => {
    const refused = ROWS.flatMap(([, row]) => (row.rule === 'refused' ? [row] : []));
    expect(refused.length).toBeGreaterThan(50);
    for (const { reason } of refused) {
      expect(reason).toMatch(/^(?:it|files|Stripe) .{10,}[^.\s]$/);
      expect(reason.length).toBeLessThan(110);
    }
  });

  it('knows test helpers by their path alone', () => {
    for (const [call, { rule }] of ROWS) {
      expect([call, rule === 'test-helper']).toEqual([call, call.includes(' test_helpers/')]);
    }
  });
});
