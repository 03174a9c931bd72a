import type { AuditVerdict } from '../../audit/audit-chain';
import type { AuditEntryView, AuditPage } from '../../audit/audit-view';
import { instant, usd } from '../table';
import type { Column } from '../table';
import { COMMON_HELP, SUBJECT_FILTERS, operandsOf, pageOf, queryOf } from '../command';
import type { Command } from '../command';
import { checkExport, cutLog, exportLog, listSegments, verdictResult } from './audit-segments';

const COLUMNS: readonly Column<AuditEntryView>[] = [
  { title: 'SEQ', text: ({ seq }) => String(seq), right: true },
  { title: 'AT', text: ({ at }) => instant(at) },
  { title: 'EVENT', text: ({ event }) => event },
  {
    title: 'VERDICT',
    text: ({ verdict, count }) => `${verdict ?? ''}${count > 1 ? ` x${count}` : ''}`,
  },
  { title: 'USD', text: (entry) => usd(entry.settled_usd ?? entry.requested_usd), right: true },
  { title: 'LABEL', text: ({ label }) => label ?? '', shrinks: true },
  { title: 'BY', text: ({ actor }) => actor, shrinks: true },
  { title: 'WHAT', text: whatText, shrinks: true },
];

export const auditCommand: Command = {
  help: `Usage: vault-key-broker audit [filters]       lists the audit log, newest first
       vault-key-broker audit verify [--head H]   walks its chain; 1 where it does not hold
       vault-key-broker audit segments            lists its segments: one a day, and those of cut
       vault-key-broker audit cut                 makes a segment of all rows that have none
       vault-key-broker audit export FOLDER       writes each new segment into a folder, as NDJSON
       vault-key-broker audit check FILE --audit-key KEYFILE   checks such a file, without a broker

  --from T     --to T     UTC: 2026-11-23 or 2026-11-23T10:00:00Z
  --verdict V  settled, released, unknown, or the code of a refusal
  --event E    call, refusal, issue, revoke, brake, lift, budget, settlement, give_back, lookup
  --actor A    an operator's name, app, or key for what the holders of vault keys did
  --key ID     --vendor V   --tenant T   --user U   --run R   --tool T
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
  --head H     the head of an earlier verification, kept elsewhere
  --audit-key KEYFILE   the file <store>.audit-key; VAULT_KEY_AUDIT_KEY where it is not given
${COMMON_HELP}`,
  options: [
    'from',
    'to',
    'verdict',
    'event',
    'actor',
    'key',
    'vendor',
    'tenant',
    'user',
    'run',
    'tool',
    'limit',
    'cursor',
    'head',
    'audit-key',
  ],
  isLocal: ([action]) => action === 'check',
  async run(input) {
    const { api, options } = input;
    const [action, ...rest] = input.operands;
    if (action === 'export') return exportLog(input, rest);
    if (action === 'check') return checkExport(input, rest);
    if (action === 'segments' || action === 'cut') {
      operandsOf(rest);
      return action === 'cut' ? cutLog(input) : listSegments(input);
    }
    if (action === 'verify') {
      operandsOf(rest);
      const query = queryOf(options, { head: 'head' });
      const json = await api.call<AuditVerdict>('GET', `/v1/audit/verify${query}`);
      return verdictResult(json);
    }
    operandsOf(action === undefined ? [] : [action, ...rest]);
    return pageOf(api, {
      path: '/v1/audit',
      options,
      names: {
        ...SUBJECT_FILTERS,
        from: 'from',
        to: 'to',
        verdict: 'verdict',
        event: 'event',
        actor: 'actor',
        key: 'key_id',
        limit: 'limit',
        cursor: 'cursor',
      },
      rowsOf: (page: AuditPage) => page.entries,
      columns: COLUMNS,
    });
  },
};

/** What a call did, or what a change made of what, and why. */
function whatText(entry: AuditEntryView): string {
  const { method, path, reason, old_value: before, new_value: after } = entry;
  if (path !== null) return `${method} ${path}`;
  if (before === null && after === null) return reason ?? '';
  const named = { ...entry.subject, ...(entry.vendor === null ? {} : { vendor: entry.vendor }) };
  const whom = Object.entries(named)
    .map(([name, value]) => `${name.replace('_id', '')} ${value === '' ? '(none)' : value}`)
    .join(' ');
  const change = `${before ?? 'nothing'} -> ${after ?? 'nothing'}`;
  return `${whom === '' ? '' : `${whom}: `}${change}${reason === null ? '' : ` (${reason})`}`;
}
