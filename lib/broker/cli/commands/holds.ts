import type { HoldPage } from '../../holds/holds';
import type { HoldView } from '../../holds/hold-view';
import { instant, table, usd } from '../table';
import type { Column } from '../table';
import {
  COMMON_HELP,
  onlyWith,
  operandsOf,
  pageOf,
  reasonBody,
  segment,
  usdOperand,
} from '../command';
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
  help: `Usage: vault-key-broker holds [filters]                    lists holds
       vault-key-broker holds settle ID USD --reason TEXT  the vendor executed the call, for so much
       vault-key-broker holds release ID --reason TEXT     the vendor did not execute the call

  --reason TEXT  goes into the audit log; an operator has to give it
  --state S    unknown (default), held, settled, released
  --vendor V   --key ID
  --limit N    at most so many, 100 by default, up to 1000
  --cursor C   where the next page begins
${COMMON_HELP}`,
  options: ['reason', 'state', 'vendor', 'key', 'limit', 'cursor'],
  async run({ api, operands: [action, ...rest], options }) {
    if (action === 'settle') {
      onlyWith(options, 'holds settle', ['reason']);
      const [id = '', amount = ''] = operandsOf(rest, 'ID', 'USD');
      const json = await api.call<HoldView>('POST', `/v1/holds/${segment(id)}/settle`, {
        usd: usdOperand(amount),
        ...reasonBody(options),
      });
      return { json, text: table(COLUMNS, [json]) };
    }
    if (action === 'release') {
      onlyWith(options, 'holds release', ['reason']);
      const [id = ''] = operandsOf(rest, 'ID');
      const path = `/v1/holds/${segment(id)}/release`;
      const json = await api.call<HoldView>('POST', path, reasonBody(options));
      return { json, text: table(COLUMNS, [json]) };
    }
    operandsOf(action === undefined ? [] : [action, ...rest]);
    onlyWith(options, 'holds', ['state', 'vendor', 'key', 'limit', 'cursor']);
    return pageOf(api, {
      path: '/v1/holds',
      options: { state: 'unknown', ...options },
      names: { state: 'state', vendor: 'vendor', key: 'key_id', limit: 'limit', cursor: 'cursor' },
      rowsOf: (page: HoldPage) => page.holds,
      columns: COLUMNS,
    });
  },
};
