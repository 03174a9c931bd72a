import { REFUSALS } from '../../../lib/contract/refusal-codes';
import type { AuditEntryView } from '../api/views';
import { outcomeSentence } from './refusals';

const ENTRY: AuditEntryView = {
  seq: 1,
  at: '2026-11-28T14:03:22.000Z',
  event: 'refusal',
  call_id: 'call_1',
  key_id: 'vk_1',
  label: 'nest-mira-r1',
  subject: { tenant_id: 'acme', user_id: 'mira', run_id: 'r1' },
  vendor: 'stripe',
  method: 'POST',
  path: '/v1/refunds',
  verdict: 'cap_exhausted',
  reason: null,
  requested_usd: 40,
  settled_usd: null,
  day: null,
  amount: 4000,
  currency: 'usd',
  cap_usd: 100,
  spent_usd: 20,
  held_usd: 0,
  remaining_usd: 80,
  vendor_status: null,
  vendor_request_id: null,
  latency_ms: null,
  remote_address: null,
  count: 1,
};
const told = (change: Partial<AuditEntryView>): string => outcomeSentence({ ...ENTRY, ...change });

it.each([
  [
    "This call needs $40.00, but $18.40 remain of the user's cap of $60.00. Do not retry it.",
    "It needed $40.00, but $18.40 was left of user mira's cap of $60.00 a day.",
  ],
  [
    "This call needs $40.00 beside $5.00 that it takes back, but $18.40 remain of the tenant's cap of $60.00 a month. Do not retry it.",
    "It needed $40.00 beside $5.00 that it takes back, but $18.40 was left of tenant acme's cap of $60.00 a month.",
  ],
  [
    "This call needs more, but $0.40 remain of the run's cap of $60.50 in 24 hours. Do not retry it.",
    "It needed more, but $0.40 was left of agent run r1's cap of $60.50 in 24 hours.",
  ],
  [
    "This call needs $90.00, but $79.20 remain of the key's cap of $100.00. Do not retry it.",
    "It needed $90.00, but $79.20 was left of key nest-mira-r1's cap of $100.00.",
  ],
  [
    "This call needs $1,090.00, but -$2.50 remain of the vendor's cap of $1,000.00. Do not retry it.",
    "It needed $1,090.00, but -$2.50 was left of vendor stripe's cap of $1,000.00 a day.",
  ],
])('names the cap that refused a call: %s', (reason, sentence) => {
  expect(told({ reason })).toBe(sentence);
});

it('names the brake, and why it was put', () => {
  const reason = 'An operator has stopped this run: refunds in a loop';
  expect(told({ verdict: 'braked', reason })).toBe(
    'A brake on its agent run stopped it: Refunds in a loop.',
  );
});

it('names the call that a key does not allow', () => {
  expect(told({ verdict: 'endpoint_not_allowed' })).toBe(
    'POST /v1/refunds is not on the allow-list of key nest-mira-r1.',
  );
});

it('tells of a cap in shadow mode that would have refused a call', () => {
  const call = { event: 'call', verdict: 'settled', settled_usd: 40 };
  const would_refuse = { scope: 'user', period: 'week', source: 'operator', cap_usd: 30 } as const;
  expect(told({ ...call, would_refuse })).toBe(
    "The vendor executed it; $40.00 is spent. In shadow mode user mira's cap of $30.00 a week would have refused it.",
  );
});

it('says how many refusals one row is for', () => {
  expect(told({ verdict: 'approval_denied', count: 1200 })).toBe(
    'A person denied its approval. It is the last of 1,200 such refusals in a row.',
  );
});

it('tells of each refusal that the broker has in one sentence with an end', () => {
  for (const verdict of Object.keys(REFUSALS)) {
    expect([verdict, told({ verdict, reason: null })]).toEqual([
      verdict,
      expect.stringMatching(/^[A-Z/].{8,}\.$/),
    ]);
    expect(told({ verdict, reason: 'the amount is missing' })).toMatch(/\.$/);
  }
});

it.each([
  [{ verdict: 'settled', settled_usd: 12.5, vendor_status: 200 }, /executed it; \$12\.50 is spent/],
  [{ verdict: 'settled', settled_usd: 0, vendor_status: 200 }, /no money moved/],
  [{ verdict: 'released', vendor_status: 402 }, /refused it with 402/],
  [{ verdict: 'unknown', reason: 'the connection broke before an answer' }, /keeps counting until/],
])('tells what became of a call that was admitted: %j', (change, sentence) => {
  expect(told({ event: 'call', ...change })).toMatch(sentence);
});
