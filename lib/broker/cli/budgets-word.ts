import type { BudgetView } from '../budgets/budget-view';
import { table, usd } from './table';
import type { Column } from './table';
import { BadUsage, COMMON_HELP, operandsOf, queryOf, segment, usdOperand } from './word';
import type { Word } from './word';

const COLUMNS: readonly Column<BudgetView>[] = [
  { title: 'SCOPE', text: ({ scope }) => scope },
  { title: 'ID', text: ({ id }) => id, shrinks: true },
  { title: 'TENANT', text: ({ tenant_id }) => tenant_id ?? '', shrinks: true },
  { title: 'USER', text: ({ user_id }) => user_id ?? '', shrinks: true },
  { title: 'CAP', text: ({ daily_usd_cap }) => usd(daily_usd_cap), right: true },
  { title: 'SPENT', text: ({ spent_usd }) => usd(spent_usd), right: true },
  { title: 'HELD', text: ({ held_usd }) => usd(held_usd), right: true },
  { title: 'LEFT', text: ({ remaining_usd }) => usd(remaining_usd), right: true },
];

export const budgetsWord: Word = {
  help: `Usage: vault-key-broker budgets                 lists the daily caps
       vault-key-broker budgets set SCOPE ID USD
       vault-key-broker budgets remove SCOPE ID

  SCOPE        tenant, user, run, tool, vendor
  ID           or '*' for each id that has no budget of its own
  --tenant T   of a user or a run
  --user U     of a run
${COMMON_HELP}`,
  options: ['tenant', 'user'],
  async run({ api, operands: [action, ...rest], options }) {
    const { tenant, user } = options;
    if (action === 'set') {
      const [scope = '', id = '', amount = ''] = operandsOf(rest, 'SCOPE', 'ID', 'USD');
      const json = await api.call<BudgetView>('PUT', pathOf(scope, id), {
        daily_usd_cap: usdOperand(amount),
        ...(tenant === undefined ? {} : { tenant_id: tenant }),
        ...(user === undefined ? {} : { user_id: user }),
      });
      return { json, text: table(COLUMNS, [json]) };
    }
    if (action === 'remove') {
      const [scope = '', id = ''] = operandsOf(rest, 'SCOPE', 'ID');
      const query = queryOf(options, { tenant: 'tenant_id', user: 'user_id' });
      const json = await api.call('DELETE', `${pathOf(scope, id)}${query}`);
      return { json, text: 'removed\n' };
    }
    operandsOf(action === undefined ? [] : [action, ...rest]);
    if (tenant !== undefined || user !== undefined) {
      throw new BadUsage('--tenant and --user go with set and remove');
    }
    const json = await api.call<{ budgets: readonly BudgetView[] }>('GET', '/v1/budgets');
    return { json, text: table(COLUMNS, json.budgets) };
  },
};

function pathOf(scope: string, id: string): string {
  return `/v1/budgets/${segment(scope)}/${segment(id)}`;
}
