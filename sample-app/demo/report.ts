import type { KeyInfo } from 'nestjs-vault-key';
import type { Movement } from '../stripe-account/stripe-account';
import { executedUnder } from './books';
import type { AuditedCall } from './books';
import { dollars, table } from './text';

/** The run's keys: what each might spend, and what it spent by either book. */
export function keyTable(keys: readonly KeyInfo[], movements: readonly Movement[]): string {
  const rows = keys.map((key) => [
    key.subject.userId ?? '',
    key.subject.tool?.split('.').at(-1) ?? '',
    key.id,
    dollars(key.dailyUsdCap),
    dollars(key.spentUsd),
    dollars(executedUnder(key.id, movements) / 100),
    key.status,
  ]);
  const spent = keys.reduce((sum, key) => sum + key.spentUsd, 0);
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
    calls.map(({ user, method, path, requestedUsd, settledUsd, verdict }) => [
      user,
      `${method} ${withShortIds(path)}`,
      dollars(requestedUsd),
      dollars(settledUsd),
      verdict,
    ]),
  );
}

function withShortIds(path: string): string {
  return path.replace(/pi_[A-Za-z0-9]{8,}/g, (id) => `${id.slice(0, 6)}…${id.slice(-4)}`);
}
