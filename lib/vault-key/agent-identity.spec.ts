import { readIdentity, withGiven } from './agent-identity';

const OWN = { userId: 'u1', runId: 'r1', customerId: 'cus_1' };

describe('the customer of an identity', () => {
  it('is what the application says, a text that is not blank', () => {
    expect(readIdentity({ customerId: 'cus_1' })).toEqual({ customerId: 'cus_1' });
    for (const customerId of ['', ' ', 5, null, ['cus_1']]) {
      expect(() => readIdentity({ customerId })).toThrow('customerId must be a string');
    }
  });

  it('stays that of the same user, and is never that of another one', () => {
    expect(withGiven(OWN, {})).toEqual(OWN);
    expect(withGiven(OWN, { runId: 'r2' })).toEqual({ ...OWN, runId: 'r2' });
    expect(withGiven(OWN, { userId: 'u1' })).toEqual(OWN);
    expect(withGiven(OWN, { userId: 'u2' })).toEqual({ userId: 'u2', runId: 'r1' });
    expect(withGiven(OWN, { userId: 'u2', customerId: 'cus_2' })).toEqual({
      userId: 'u2',
      runId: 'r1',
      customerId: 'cus_2',
    });
  });
});
