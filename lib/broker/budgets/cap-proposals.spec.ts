import type { AuditEntryView } from '../audit/audit-view';
import { CapProposals } from './cap-proposals';

/** A row of the audit log, of which only some fields matter here. */
const row = (fields: Partial<AuditEntryView>): AuditEntryView =>
  ({ subject: {}, call_id: 'c', requested_usd: 0, settled_usd: 0, day: null, ...fields }) as never;

const call = (day: string, usd: number, id = `${day}-${usd}`): AuditEntryView =>
  row({
    event: 'call',
    verdict: 'settled',
    call_id: id,
    day,
    subject: { tenant_id: 't', user_id: 'u', tool: 'pay' },
    requested_usd: usd,
    settled_usd: usd,
  });

const userOf = (rows: readonly AuditEntryView[]) => {
  const proposals = new CapProposals();
  // The log is read newest first.
  for (const each of [...rows].reverse()) proposals.add(each);
  return proposals.all.find(({ scope }) => scope === 'user');
};

it('a cap is proposed a fifth above the costliest day, and one that nearly all days fit', () => {
  const quiet = Array.from({ length: 19 }, (_, i) => call(`2026-10-${10 + i}`, 10));
  const loud = [call('2026-10-30', 60, 'a'), call('2026-10-30', 43.21, 'b')];
  expect(userOf([...quiet, ...loud])).toEqual({
    scope: 'user',
    id: 'u',
    tenant_id: 't',
    days: 20,
    calls: 21,
    median_usd: 10,
    max_usd: 103.21,
    proposals: [
      { basis: 'max', daily_usd_cap: 130, would_refuse: { calls: 0, days: 0 } },
      { basis: 'p95', daily_usd_cap: 10, would_refuse: { calls: 2, days: 1 } },
    ],
  });
});

it('what was given back, settled later or never answered counts as it came out', () => {
  const rows = [
    call('2026-10-10', 100, 'captured'),
    row({ event: 'give_back', call_id: 'captured', day: '2026-10-10', settled_usd: -40 }),
    { ...call('2026-10-11', 30, 'ended'), verdict: 'unknown', settled_usd: 0 },
    row({ event: 'settlement', call_id: 'ended', day: '2026-10-11', settled_usd: 12 }),
    { ...call('2026-10-12', 7, 'open'), verdict: 'unknown', settled_usd: 0 },
    row({ event: 'issue' }),
  ];
  expect(userOf(rows)).toMatchObject({ days: 3, calls: 3, median_usd: 12, max_usd: 60 });
});

it('tenants come first, then users, then tools; who spent nothing is left out', () => {
  const proposals = new CapProposals();
  proposals.add(call('2026-10-10', 5));
  proposals.add({ ...call('2026-10-10', 0), subject: { user_id: 'idle' } });
  expect(proposals.all.map(({ scope, id }) => [scope, id])).toEqual([
    ['tenant', 't'],
    ['user', 'u'],
    ['tool', 'pay'],
  ]);
});
