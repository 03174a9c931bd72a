import { SPEND_GROUPS } from '../../spend/spend-request';
import type { SpendGroup } from '../../spend/spend-request';
import { FIELDS } from '../../spend/spend-view';
import type { SpendPage, SpendRowView, SpendTotalsView } from '../../spend/spend-view';
import { BadUsage, COMMON_HELP, onlyWith, operandsOf, queryOf } from '../command';
import type { Command, CommandInput, CommandResult } from '../command';
import { instant, table, usd } from '../table';
import type { Column } from '../table';

const PATH = '/v1/spend';
const NAMES = {
  by: 'by',
  from: 'from',
  to: 'to',
  tenant: 'tenant_id',
  user: 'user_id',
  tool: 'tool',
  vendor: 'vendor',
  order: 'order',
} as const;

type Row = SpendRowView & { isTotal?: true };

/** A column of amounts; shown where any of them is not 0. */
const AMOUNTS = {
  settled_usd: 'SETTLED',
  given_back_usd: 'GIVEN BACK',
  undone_usd: 'UNDONE',
  held_usd: 'HELD',
  unknown_usd: 'UNKNOWN',
  refused_usd: 'REFUSED',
} as const;

export const spendCommand: Command = {
  help: `Usage: vault-key-broker spend [options]   what was spent, by day, tenant, user, tool, vendor

  --by G,…     day (default), tenant, user, tool, vendor; or hour, alone or with vendor
  --month M    such as 2026-11
  --from D     --to D     days (UTC), both included; this month where neither is given
  --tenant T   --user U   --tool T   --vendor V   of these alone; '' is of keys without one
  --order spent   the most spent first
  --csv        all rows as CSV, for a spreadsheet
  --limit N    at most so many, 1000 by default
  --cursor C   where the next page begins
${COMMON_HELP}`,
  options: [...Object.keys(NAMES), 'month', 'limit', 'cursor'],
  flags: ['csv'],
  async run(input) {
    operandsOf(input.operands);
    const options = withDays(input.options);
    return input.flags.has('csv') ? csv(input, options) : page(input, options);
  },
};

function csv({ api }: CommandInput, options: Readonly<Record<string, string>>): CommandResult {
  onlyWith(options, '--csv', Object.keys(NAMES));
  const path = `${PATH}${queryOf(options, NAMES)}`;
  return { json: null, text: api.text(path, 'text/csv') };
}

async function page(
  { api }: CommandInput,
  options: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const query = queryOf(options, { ...NAMES, limit: 'limit', cursor: 'cursor' });
  const json = await api.call<SpendPage>('GET', `${PATH}${query}`);
  const names = (options['by'] ?? 'day').split(',');
  const by = SPEND_GROUPS.filter((group) => names.includes(group));
  const groups = by.map((group): Column<Row> => {
    const total = group === by[0] ? 'total' : '';
    return {
      title: group.toUpperCase(),
      text: (row) => (row.isTotal === true ? total : textOf(row, group)),
      shrinks: group !== 'day' && group !== 'hour',
    };
  });
  const rows: Row[] = [...json.rows, { ...json.totals, isTotal: true }];
  const more = json.cursor === undefined ? '' : `more: --cursor ${json.cursor}\n`;
  return { json, text: `${table([...groups, ...sumsOf(json.totals)], rows)}${more}` };
}

function textOf(row: Row, group: SpendGroup): string {
  return group === 'hour' ? instant(row.hour) : (row[FIELDS[group]] ?? '-');
}

function sumsOf(totals: SpendTotalsView): Column<Row>[] {
  const shown = Object.entries(AMOUNTS).filter(([name]) => {
    // Where nothing was given back, that is what is spent.
    if (name === 'settled_usd') return totals.given_back_usd !== 0;
    return (totals[name as keyof typeof AMOUNTS] ?? 0) !== 0;
  });
  return [
    { title: 'SPENT', text: ({ spent_usd }) => usd(spent_usd), right: true },
    ...shown.map(([name, title]): Column<Row> => {
      return { title, text: (row) => usd(row[name as keyof typeof AMOUNTS] ?? 0), right: true };
    }),
    { title: 'CALLS', text: ({ calls }) => String(calls), right: true },
    { title: 'REFUSALS', text: ({ refusals }) => String(refusals), right: true },
  ];
}

/** A month as its first and its last day. */
function withDays({
  month,
  ...options
}: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (month === undefined) return options;
  if (options['from'] !== undefined || options['to'] !== undefined) {
    throw new BadUsage('--month goes without --from and --to');
  }
  if (!/^\d{4}-(?:0[1-9]|1[0-2])$/.test(month)) {
    throw new BadUsage(`${month} is no month, such as 2026-11`);
  }
  const next = new Date(`${month}-01`);
  next.setUTCMonth(next.getUTCMonth() + 1, 0);
  return { ...options, from: `${month}-01`, to: next.toISOString().slice(0, 10) };
}
