import type { KeyPage } from '../../keys/keys';
import type { KeyView } from '../../keys/key-view';
import { minute, table, usd } from '../table';
import type { Column } from '../table';
import { COMMON_HELP, SUBJECT_FILTERS, operandsOf, pageOf, segment } from '../command';
import type { Command } from '../command';

const COLUMNS: readonly Column<KeyView>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'STATUS', text: ({ status }) => status },
  { title: 'CAP', text: ({ daily_usd_cap }) => usd(daily_usd_cap), right: true },
  { title: 'SPENT', text: ({ spent_usd }) => usd(spent_usd), right: true },
  { title: 'HELD', text: ({ held_usd }) => usd(held_usd), right: true },
  { title: 'LEFT', text: ({ remaining_usd }) => usd(remaining_usd), right: true },
  { title: 'EXPIRES', text: ({ expires_at }) => minute(expires_at) },
  { title: 'LABEL', text: ({ label }) => label, shrinks: true },
];

export const keysCommand: Command = {
  help: `Usage: vault-key-broker keys [filters]      lists keys, newest first
       vault-key-broker keys show ID
       vault-key-broker keys revoke ID...

  --status S   active, expired, revoked, braked
  --vendor V   --tenant T   --user U   --run R   --tool T
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
${COMMON_HELP}`,
  options: ['status', 'vendor', 'tenant', 'user', 'run', 'tool', 'limit', 'cursor'],
  async run({ api, operands: [action, ...rest], options }) {
    if (action === 'revoke') {
      const ids = rest.length > 1 ? rest : operandsOf(rest, 'ID');
      const json = await api.call<{ revoked: number; unknown: readonly string[] }>(
        'POST',
        '/v1/keys/revoke',
        { ids },
      );
      const unknown = json.unknown.map((id) => `no key has the id ${id}\n`).join('');
      return { json, text: `revoked ${json.revoked}\n${unknown}`, ok: unknown === '' };
    }
    if (action === 'show') {
      const [id = ''] = operandsOf(rest, 'ID');
      const json = await api.call<KeyView>('GET', `/v1/keys/${segment(id)}`);
      const more = Object.entries({ ...json.subject, vendor: json.vendor })
        .map(([name, value]) => `${name}=${value}`)
        .join(' ');
      return {
        json,
        text: `${table(COLUMNS, [json])}${more}\n${json.allowed_endpoints.join('\n')}\n`,
      };
    }
    operandsOf(action === undefined ? [] : [action, ...rest]);
    return pageOf(api, {
      path: '/v1/keys',
      options,
      names: { ...SUBJECT_FILTERS, status: 'status', limit: 'limit', cursor: 'cursor' },
      rowsOf: (page: KeyPage) => page.keys,
      columns: COLUMNS,
    });
  },
};
