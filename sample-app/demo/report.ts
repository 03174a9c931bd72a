import type { KeyView } from 'nestjs-vault-key/broker';
import type { Movement } from '../stripe-account/stripe-account';
import { executedUnder } from './books';
import type { AuditedCall } from './books';
import { dollars, table } from './text';

/** The run's keys: what each might spend, and what it spent by either book. */
export function keyTable(keys: readonly KeyView[], movements: readonly Movement[]): string {
  const rows = keys.map((key) => [
    key.subject.user_id ?? '',
    key.subject.tool?.split('.').at(-1) ?? '',
    key.id,
    dollars(key.daily_usd_cap),
    dollars(key.spent_usd),
    dollars(executedUnder(key.id, movements) / 100),
    key.status,
  ]);
  const spent = keys.reduce((sum, key) => sum + key.spent_usd, 0);
  const executed = movements.reduce((sum, { cents }) => sum + cents, 0);
  rows.push(['total', '', '', '', dollars(spent), dollars(executed / 100), '']);
  return table(
    [
      { heading: 'user' },
      { heading: 'tool' },
      { heading: 'vault key' },
      { heading: 'cap', align: 'right' },
      { heading: 'spent', align: 'right' },
      { heading: 'by Stripe', align: 'right' },
      { heading: 'status' },
    ],
    rows,
  );
}

/** The calls of the run, and what the broker made of each. */
export function auditTable(calls: readonly AuditedCall[]): string {
  return table(
    [
      { heading: 'user' },
      { heading: 'call' },
      { heading: 'asked', align: 'right' },
      { heading: 'settled', align: 'right' },
      { heading: 'verdict' },
    ],
    calls.map(({ user, method, path, requestedMicros, settledMicros, verdict }) => [
      user,
      `${method} ${withShortIds(path)}`,
      dollars(requestedMicros / 1_000_000),
      dollars(settledMicros / 1_000_000),
      verdict,
    ]),
  );
}

function withShortIds(path: string): string {
  return path.replace(/pi_[A-Za-z0-9]{8,}/g, (id) => `${id.slice(0, 6)}…${id.slice(-4)}`);
}
