import type { ApprovalPage, ApprovalView } from '../../approvals/approval-view';
import { minute, shown, table, usd } from '../table';
import type { Column } from '../table';
import { BadUsage, COMMON_HELP, onlyWith, operandsOf, pageOf, segment } from '../command';
import type { Command } from '../command';

const COLUMNS: readonly Column<ApprovalView>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'USD', text: (each) => usd(each.usd), right: true },
  { title: 'CALL', text: callText, shrinks: true },
  { title: 'CUSTOMER', text: ({ customer }) => customer ?? '', shrinks: true },
  { title: 'TO', text: ({ destinations }) => destinations.join(' '), shrinks: true },
  { title: 'TENANT', text: ({ subject }) => subject.tenant_id ?? '', shrinks: true },
  { title: 'USER', text: ({ subject }) => subject.user_id ?? '', shrinks: true },
  { title: 'UNTIL', text: ({ expires_at }) => minute(expires_at) },
];

const ACTIONS = ['approve', 'deny'] as const;

export const approvalsCommand: Command = {
  help: `Usage: vault-key-broker approvals [list] [filters]       lists what was asked for
       vault-key-broker approvals show ID                one of them, with all its parameters
       vault-key-broker approvals approve ID --reason TEXT
       vault-key-broker approvals deny ID --reason TEXT

  approve      the same call passes, once, within 15 minutes
  deny         the same call is refused for 15 minutes
  --state S    pending (default), approved, denied, used, expired
  --vendor V   --tenant T   --user U
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
${COMMON_HELP}`,
  options: ['reason', 'state', 'vendor', 'tenant', 'user', 'limit', 'cursor'],
  async run({ api, operands: [action = 'list', ...rest], options }) {
    if (action === 'show') {
      onlyWith(options, 'approvals show', []);
      const [id = ''] = operandsOf(rest, 'ID');
      const json = await api.call<ApprovalView>('GET', `/v1/approvals/${segment(id)}`);
      return { json, text: `${table(COLUMNS, [json])}${detailsOf(json)}` };
    }
    if (ACTIONS.some((each) => each === action)) {
      onlyWith(options, `approvals ${action}`, ['reason']);
      const [id = ''] = operandsOf(rest, 'ID');
      const { reason } = options;
      if (reason === undefined) throw new BadUsage('--reason is missing');
      const path = `/v1/approvals/${segment(id)}/${action}`;
      const json = await api.call<ApprovalView>('POST', path, { reason });
      return { json, text: table(COLUMNS, [json]) };
    }
    if (action !== 'list') throw new BadUsage(`${action} is no action of approvals`);
    operandsOf(rest);
    const { reason, ...filters } = options;
    if (reason !== undefined) throw new BadUsage('--reason does not go with approvals list');
    return pageOf(api, {
      path: '/v1/approvals',
      options: { state: 'pending', ...filters },
      names: {
        state: 'state',
        vendor: 'vendor',
        tenant: 'tenant_id',
        user: 'user_id',
        limit: 'limit',
        cursor: 'cursor',
      },
      rowsOf: (page: ApprovalPage) => page.approvals,
      columns: COLUMNS,
    });
  },
};

function callText({ method, path }: ApprovalView): string {
  return `${method} ${path}`;
}

/** All that is forwarded, a line each. */
function detailsOf({ parameters, reason }: ApprovalView): string {
  const lines = parameters.map(({ name, value }) => `  ${name} = ${value ?? '(secret)'}`);
  if (reason !== undefined) lines.push(`reason: ${reason}`);
  return lines.map((line) => `${shown(line)}\n`).join('');
}
