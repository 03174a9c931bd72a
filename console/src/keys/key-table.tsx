import type { KeyStatus, KeyView } from '../api/views';
import { hashOf } from '../app/routes';
import { Usd } from '../parts/money';
import { Id } from '../parts/panel';
import { Badge } from '../parts/states';
import { Table } from '../parts/table';
import { Distance } from '../parts/time';
import { subjectText } from '../words/names';
import { SpentToday } from './spent-today';

const TONES = { active: 'good', expired: 'plain', revoked: 'plain', braked: 'bad' } as const;

export function KeyStatusBadge({ status }: { status: KeyStatus }) {
  return <Badge tone={TONES[status]}>{status}</Badge>;
}

export function KeyTable({ keys }: { keys: readonly KeyView[] }) {
  return (
    <Table
      caption="Vault keys, newest first"
      rows={keys}
      keyOf={({ id }) => id}
      columns={[
        {
          name: 'Name',
          cell: ({ label, id, subject }) => (
            <>
              <a href={hashOf('keys', {}, id)}>{label}</a>
              <a class="sub" href={hashOf('subject', { ...subject })}>
                {subjectText(subject)}
              </a>
            </>
          ),
          onCard: 'head',
        },
        { name: 'Key', cell: ({ id }) => <Id id={id} isShort />, isMinor: true },
        { name: 'Status', cell: ({ status }) => <KeyStatusBadge status={status} />, onCard: 'end' },
        { name: 'Vendor', cell: ({ vendor }) => vendor, isMinor: true },
        { name: 'Cap', cell: ({ daily_usd_cap: cap }) => <Usd usd={cap} />, isNumber: true },
        { name: 'Spent', cell: ({ spent_usd: usd }) => <Usd usd={usd} />, isNumber: true },
        {
          name: 'Spent today',
          cell: (key) => <SpentToday spender={key} />,
          isNumber: true,
        },
        {
          name: 'Held',
          cell: ({ held_usd: usd }) => <Usd usd={usd} />,
          isNumber: true,
          isMinor: true,
        },
        {
          name: 'Allowed',
          cell: ({ allowed_endpoints: allowed }) => (
            <span class="allowed" title={allowed.join('\n')}>
              <code>{allowed[0]}</code>
              {allowed.length > 1 && <span class="muted">+{allowed.length - 1}</span>}
            </span>
          ),
          isMinor: true,
        },
        {
          name: 'Expires',
          cell: ({ expires_at: at, revoked_at: revoked }) =>
            revoked === undefined ? (
              <Distance at={at} />
            ) : (
              <>
                revoked <Distance at={revoked} />
              </>
            ),
        },
      ]}
    />
  );
}
