import type { ApprovalView } from '../api/views';
import { minorText, usdText } from '../format/money';

/** What a call would move, in its own currency or in USD. */
export function amountOf({ amount, currency, usd }: ApprovalView): string {
  return amount === null || currency === null ? usdText(usd) : minorText(amount, currency);
}
