import type { BudgetPage } from '../../budgets/budgets';
import type { BudgetView, CountedBudgetView, SubjectCapView } from '../../budgets/budget-view';
import { LIMITS_HELP, LIMIT_OPTIONS, limitsOf, limitsShown } from '../limit-options';
import { shown, table, usd } from '../table';
import type { Column } from '../table';
import {
  COMMON_HELP,
  onlyWith,
  operandsOf,
  pageOf,
  queryOf,
  reasonBody,
  segment,
  usdOperand,
} from '../command';
import type { Command } from '../command';

const COLUMNS: readonly Column<BudgetView>[] = [
  { title: 'SCOPE', text: ({ scope }) => scope },
  { title: 'ID', text: ({ id }) => (id === '' ? '(none)' : id), shrinks: true },
  { title: 'TENANT', text: tenantText, shrinks: true },
  { title: 'USER', text: userText, shrinks: true },
  { title: 'SET BY', text: ({ source }) => source },
  { title: 'CAP', text: ({ daily_usd_cap }) => usd(daily_usd_cap), right: true },
  { title: 'SPENT', text: ({ spent_usd }) => usd(spent_usd), right: true },
  { title: 'HELD', text: ({ held_usd }) => usd(held_usd), right: true },
  { title: 'LEFT', text: ({ remaining_usd }) => usd(remaining_usd), right: true },
  { title: 'LIMITS', text: ({ limits }) => limitsShown(limits), shrinks: true },
];

const EFFECTIVE_COLUMNS: readonly Column<SubjectCapView>[] = [
  { title: 'SCOPE', text: ({ scope }) => scope },
  { title: 'ID', text: ({ id }) => (id === '' ? '(none)' : id), shrinks: true },
  { title: 'SET BY', text: ({ source }) => source },
  { title: 'CAP', text: ({ cap_usd }) => usd(cap_usd), right: true },
  { title: 'SPENT', text: ({ spent_usd }) => usd(spent_usd), right: true },
  { title: 'HELD', text: ({ held_usd }) => usd(held_usd), right: true },
  { title: 'LEFT', text: ({ remaining_usd }) => usd(remaining_usd), right: true },
];

export const budgetsCommand: Command = {
  help: `Usage: vault-key-broker budgets [--cursor C]    lists the daily caps in force
       vault-key-broker budgets effective       every cap over one subject
       vault-key-broker budgets set SCOPE ID USD --reason TEXT [--limit-... ...]
       vault-key-broker budgets remove SCOPE ID --reason TEXT

  SCOPE        tenant, user, run, tool, vendor
  ID           or '*' for each id that has no budget of its own
  --reason TEXT  goes into the audit log; an operator has to give it
  --tenant T   of a user or a run: within that tenant alone; '' for the keys without a tenant.
               Without it the budget caps the id within each tenant, each counted alone
  --user U     of a run, as --tenant           --cursor C   where the next page begins
${LIMITS_HELP}
The subject of effective: --tenant T   --user U   --run R   --tool T   --vendor V
${COMMON_HELP}`,
  options: ['reason', 'tenant', 'user', 'run', 'tool', 'vendor', 'cursor', ...LIMIT_OPTIONS],
  async run({ api, operands: [action, ...rest], options }) {
    const { tenant, user } = options;
    if (action === 'set') {
      onlyWith(options, 'budgets set', ['reason', 'tenant', 'user', ...LIMIT_OPTIONS]);
      const [scope = '', id = '', amount = ''] = operandsOf(rest, 'SCOPE', 'ID', 'USD');
      const limits = limitsOf(options);
      const json = await api.call<CountedBudgetView>('PUT', pathOf(scope, id), {
        daily_usd_cap: usdOperand(amount),
        ...(limits === undefined ? {} : { limits }),
        ...(tenant === undefined ? {} : { tenant_id: tenant }),
        ...(user === undefined ? {} : { user_id: user }),
        ...reasonBody(options),
      });
      return { json, text: `${table(COLUMNS, [json])}${limitsLine(json)}${liveKeysText(json)}` };
    }
    if (action === 'remove') {
      onlyWith(options, 'budgets remove', ['reason', 'tenant', 'user']);
      const [scope = '', id = ''] = operandsOf(rest, 'SCOPE', 'ID');
      const query = queryOf(options, { tenant: 'tenant_id', user: 'user_id' });
      const json = await api.call('DELETE', `${pathOf(scope, id)}${query}`, reasonBody(options));
      return { json, text: 'removed\n' };
    }
    if (action === 'effective') {
      onlyWith(options, 'budgets effective', ['tenant', 'user', 'run', 'tool', 'vendor']);
      operandsOf(rest);
      const query = queryOf(options, {
        tenant: 'tenant_id',
        user: 'user_id',
        run: 'run_id',
        tool: 'tool',
        vendor: 'vendor',
      });
      const json = await api.call<{ caps: readonly SubjectCapView[] }>(
        'GET',
        `/v1/budgets/effective${query}`,
      );
      return { json, text: table(EFFECTIVE_COLUMNS, json.caps) };
    }
    operandsOf(action === undefined ? [] : [action, ...rest]);
    onlyWith(options, 'budgets', ['cursor']);
    return pageOf(api, {
      path: '/v1/budgets',
      options,
      names: { cursor: 'cursor' },
      rowsOf: (page: BudgetPage) => page.budgets,
      columns: COLUMNS,
    });
  },
};

/** `*` where the budget caps the id within each tenant. */
function tenantText({ scope, tenant_id }: BudgetView): string {
  return scope === 'user' || scope === 'run' ? withinText(tenant_id) : '';
}

function userText({ scope, user_id }: BudgetView): string {
  return scope === 'run' ? withinText(user_id) : '';
}

function withinText(within: string | undefined): string {
  return within === '' ? '(none)' : (within ?? '*');
}

function limitsLine({ limits }: BudgetView): string {
  return limits === undefined ? '' : `limits: ${shown(limitsShown(limits))}\n`;
}

function liveKeysText({ live_keys }: CountedBudgetView): string {
  if (live_keys === null) return 'caps more live keys than are counted at once\n';
  return `caps ${live_keys} live ${live_keys === 1 ? 'key' : 'keys'}\n`;
}

function pathOf(scope: string, id: string): string {
  return `/v1/budgets/${segment(scope)}/${segment(id)}`;
}
