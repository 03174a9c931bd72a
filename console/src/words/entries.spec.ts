import type { AuditEntryView } from '../api/views';
import { entrySentence } from './entries';

const told = (change: Partial<AuditEntryView>): string =>
  entrySentence({
    seq: 1,
    at: '2026-11-28T14:03:22.000Z',
    event: 'brake',
    call_id: null,
    key_id: null,
    label: null,
    subject: {},
    vendor: null,
    method: null,
    path: null,
    verdict: null,
    reason: null,
    requested_usd: null,
    settled_usd: null,
    day: null,
    amount: null,
    currency: null,
    cap_usd: null,
    spent_usd: null,
    held_usd: null,
    remaining_usd: null,
    vendor_status: null,
    vendor_request_id: null,
    latency_ms: null,
    remote_address: null,
    count: 1,
    ...change,
  });

it.each([
  [
    { event: 'brake', reason: 'in a loop', new_value: 'brk_VcGhw-_3: tool refund' },
    'Tool refund: in a loop.',
  ],
  [
    {
      event: 'raise',
      reason: 'a large order',
      old_value: 'raised by $0.00',
      new_value: 'raised by $20.00, rse_Vc3 until 2026-11-28T13:00:45.646Z',
    },
    'Raised by $0.00 → raised by $20.00 until 28 Nov 2026, 13:00:45 UTC: a large order.',
  ],
  [
    {
      event: 'approval',
      old_value: 'apr_V1 pending',
      new_value: 'apr_V1 approved',
      reason: 'asked',
    },
    'Pending → approved: asked.',
  ],
  [{ event: 'webhook', verdict: 'resumed' }, 'Resumed.'],
  [{ event: 'webhook', verdict: 'parked', reason: 'answered 503' }, 'Parked: answered 503.'],
  [{ event: 'lookup' }, ''],
])('tells what was changed, and why: %j', (change, sentence) => {
  expect(told(change)).toBe(sentence);
});
