import type { ApprovalPage, ApprovalView } from '../../approvals/approval-view';
import { minute, shown, table, usd } from '../table';
import type { Column } from '../table';
import {
  BadUsage,
  COMMON_HELP,
  onlyWith,
  operandsOf,
  pageOf,
  reasonBody,
  segment,
} from '../command';
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

const FILTERS = ['state', 'vendor', 'tenant', 'user', 'limit', 'cursor'];
const ACTIONS = ['approve', 'deny'] as const;

export const approvalsCommand: Command = {
  help: `Usage: vault-key-broker approvals [list] [filters]       lists what was asked for
       vault-key-broker approvals show ID                one of them, with all its parameters
       vault-key-broker approvals approve ID --reason TEXT
       vault-key-broker approvals deny ID --reason TEXT

  --reason TEXT  goes into the audit log; an operator has to give it
  approve      the same call passes, once, within 15 minutes
  deny         the same call is refused for 15 minutes
  --state S    pending (default), approved, denied, used, expired
  --vendor V   --tenant T   --user U
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
${COMMON_HELP}`,
  options: ['reason', ...FILTERS],
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
      const path = `/v1/approvals/${segment(id)}/${action}`;
      const json = await api.call<ApprovalView>('POST', path, reasonBody(options));
      return { json, text: table(COLUMNS, [json]) };
    }
    if (action !== 'list') throw new BadUsage(`${action} is no action of approvals`);
    operandsOf(rest);
    onlyWith(options, 'approvals list', FILTERS);
    return pageOf(api, {
      path: '/v1/approvals',
      options: { state: 'pending', ...options },
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
