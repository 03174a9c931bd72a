import type { ConfiguredPrices } from '../../pricing/configured-prices';
import type { CallRow } from './calls/call-row';

/**
 * Why a call is refused, and which setting would allow it: the rest of a sentence, and more.
 *
 * @param row Of a call that is not forwarded; `undefined` for one that has no row.
 * @param pattern The row's name: `POST invoices/*‍/pay`.
 */
export function whyRefused(
  row: CallRow | undefined,
  pattern = '',
  { settingsPath = 'vendors.stripe' }: ConfiguredPrices,
): string {
  const call = pattern.replace(' ', ' /v1/');
  const place = `under ${settingsPath} in the broker's settings`;
  if (row?.rule === 'test-helper') {
    return "it works with test money alone, and the broker's secret is no test secret, which begins with sk_test_ or rk_test_.";
  }
  if (row?.rule !== 'refused') {
    return `the broker knows neither the call nor what it costs. An operator can allow it by naming it in "prices" or "free" ${place}, with * for each id.`;
  }
  switch (row.allow) {
    case 'prices':
      return `${row.reason}. An operator can allow it with "prices": [{ "call": "${call}", "usd": 100 }] ${place}, where usd is the most that one such call may cost.`;
    case 'free':
      return `${row.reason}. An operator can allow it with "free": ["${call}"] ${place}.`;
    case undefined:
      return `${row.reason}. No setting allows it.`;
  }
}
