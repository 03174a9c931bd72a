import type { RaiseView } from '../../budgets/raise-view';
import {
  BadUsage,
  onlyWith,
  operandsOf,
  queryOf,
  reasonBody,
  segment,
  usdOperand,
} from '../command';
import type { CommandResult } from '../command';
import type { ManagementApi } from '../management-api';
import { minute, shown, usd } from '../table';

type Options = Readonly<Record<string, string>>;

/** The path of a subject's budgets. */
export function pathOf(scope: string, id: string): string {
  return `/v1/budgets/${segment(scope)}/${segment(id)}`;
}

/** `budgets raise`: adds to every cap of a subject for a while. */
export async function raised(
  api: ManagementApi,
  operands: readonly string[],
  options: Options,
): Promise<CommandResult> {
  onlyWith(options, 'budgets raise', ['tenant', 'user', 'for', 'reason']);
  const [scope = '', id = '', amount = ''] = operandsOf(operands, 'SCOPE', 'ID', 'USD');
  const { tenant, user, for: time, reason } = options;
  if (time === undefined) throw new BadUsage('--for is missing');
  if (reason === undefined) throw new BadUsage('--reason is missing');
  const json = await api.call<RaiseView>('POST', `${pathOf(scope, id)}/raises`, {
    usd: usdOperand(amount),
    expires_in: time,
    reason,
    ...(tenant === undefined ? {} : { tenant_id: tenant }),
    ...(user === undefined ? {} : { user_id: user }),
  });
  const whose = `${json.scope} ${shown(json.target)}`;
  const text = `${json.id} adds $${usd(json.usd)} to every cap of ${whose} until ${minute(json.expires_at)}; end it with: budgets end-raise ${whose} ${json.id}\n`;
  return { json, text };
}

/** `budgets end-raise`: ends a raise before it expires. */
export async function endedRaise(
  api: ManagementApi,
  operands: readonly string[],
  options: Options,
): Promise<CommandResult> {
  onlyWith(options, 'budgets end-raise', ['tenant', 'user', 'reason']);
  const [scope = '', id = '', raise = ''] = operandsOf(operands, 'SCOPE', 'ID', 'RAISE_ID');
  const query = queryOf(options, { tenant: 'tenant_id', user: 'user_id' });
  const path = `${pathOf(scope, id)}/raises/${segment(raise)}${query}`;
  const json = await api.call('DELETE', path, reasonBody(options));
  return { json, text: `ended ${shown(raise)}\n` };
}
