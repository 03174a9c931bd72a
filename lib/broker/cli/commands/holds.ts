import type { HoldPage } from '../../holds/holds';
import type { HoldView } from '../../holds/hold-view';
import { instant, table, usd } from '../table';
import type { Column } from '../table';
import { COMMON_HELP, operandsOf, pageOf, segment, usdOperand } from '../command';
import type { Command } from '../command';

const COLUMNS: readonly Column<HoldView>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'STATE', text: ({ state }) => state },
  {
    title: 'USD',
    text: ({ state, held_usd, settled_usd, undone_usd = 0 }) =>
      usd((state === 'settled' ? settled_usd : held_usd) + undone_usd),
    right: true,
  },
  { title: 'BEGUN', text: ({ created_at }) => instant(created_at) },
  { title: 'KEY', text: ({ key_id }) => key_id },
];

export const holdsCommand: Command = {
  help: `Usage: vault-key-broker holds [filters]      lists holds
       vault-key-broker holds settle ID USD  the vendor executed the call, for so much
       vault-key-broker holds release ID     the vendor did not execute the call

  --state S    unknown (default), held, settled, released
  --vendor V   --key ID
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
${COMMON_HELP}`,
  options: ['state', 'vendor', 'key', 'limit', 'cursor'],
  async run({ api, operands: [action, ...rest], options }) {
    if (action === 'settle') {
      const [id = '', amount = ''] = operandsOf(rest, 'ID', 'USD');
      const json = await api.call<HoldView>('POST', `/v1/holds/${segment(id)}/settle`, {
        usd: usdOperand(amount),
      });
      return { json, text: table(COLUMNS, [json]) };
    }
    if (action === 'release') {
      const [id = ''] = operandsOf(rest, 'ID');
      const path = `/v1/holds/${segment(id)}/release`;
      const json = await api.call<HoldView>('POST', path);
      return { json, text: table(COLUMNS, [json]) };
    }
    operandsOf(action === undefined ? [] : [action, ...rest]);
    return pageOf(api, {
      path: '/v1/holds',
      options: { state: 'unknown', ...options },
      names: { state: 'state', vendor: 'vendor', key: 'key_id', limit: 'limit', cursor: 'cursor' },
      rowsOf: (page: HoldPage) => page.holds,
      columns: COLUMNS,
    });
  },
};
