import type { AuditEntryView } from '../../audit/audit-view';
import { CapProposals } from '../../budgets/cap-proposals';
import type { CapProposal, SubjectProposals } from '../../budgets/cap-proposals';
import { BadUsage, onlyWith, operandsOf } from '../command';
import type { CommandResult } from '../command';
import type { ManagementApi } from '../management-api';
import { table, usd } from '../table';
import type { Column } from '../table';

const DEFAULT_DAYS = 30;
const MAX_DAYS = 90;
const DAY_MS = 86_400_000;

type Row = SubjectProposals & { proposal: CapProposal };

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SCOPE', text: ({ scope }) => scope },
  { title: 'ID', text: ({ id }) => id, shrinks: true },
  { title: 'TENANT', text: ({ tenant_id }) => tenant_id ?? '', shrinks: true },
  { title: 'DAYS', text: ({ days }) => String(days), right: true },
  { title: 'MEDIAN', text: ({ median_usd }) => usd(median_usd), right: true },
  { title: 'MAX', text: ({ max_usd }) => usd(max_usd), right: true },
  { title: 'BASIS', text: ({ proposal }) => proposal.basis },
  { title: 'CAP', text: ({ proposal }) => usd(proposal.daily_usd_cap), right: true },
  { title: 'WOULD REFUSE', text: ({ proposal }) => refusedText(proposal) },
];

/** `budgets propose`: caps of the day by what was spent, with what each would have refused. */
export async function proposed(
  api: ManagementApi,
  operands: readonly string[],
  options: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  onlyWith(options, 'budgets propose', ['days']);
  operandsOf(operands);
  const days = daysOf(options['days']);
  const from = new Date(Date.now() - days * DAY_MS).toISOString();
  const proposals = new CapProposals();
  for await (const row of api.lines(`/v1/audit?from=${encodeURIComponent(from)}`)) {
    proposals.add(row as AuditEntryView);
  }
  const subjects = proposals.all;
  const rows = subjects.flatMap((each) =>
    each.proposals.map((proposal): Row => ({ ...each, proposal })),
  );
  const text =
    rows.length === 0 ? `nothing was spent in the last ${days} days\n` : table(COLUMNS, rows);
  return { json: { days, subjects }, text };
}

function daysOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_DAYS;
  const days = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > MAX_DAYS) {
    throw new BadUsage(`--days must be a whole number from 1 to ${MAX_DAYS}`);
  }
  return days;
}

function refusedText({ would_refuse: { calls, days } }: CapProposal): string {
  if (calls === 0) return 'nothing';
  return `${calls} ${calls === 1 ? 'call' : 'calls'} on ${days} ${days === 1 ? 'day' : 'days'}`;
}
