import { LIMIT_NAMES } from '../../contract/limit-rules';
import type { LimitName } from '../../contract/limit-rules';
import type { LimitFields } from '../limits/limits-view';
import { BadUsage, usdOperand } from './command';

/** How each limit is typed. */
const OPTIONS: Readonly<Record<LimitName, string>> = {
  per_call_usd: 'limit-per-call',
  calls_per_minute: 'limit-calls-per-minute',
  customers: 'limit-customers',
  destinations: 'limit-destinations',
  currencies: 'limit-currencies',
};

/** The options that say the limits of a budget. */
export const LIMIT_OPTIONS: readonly string[] = Object.values(OPTIONS);

export const LIMITS_HELP = `
The limits of set, in place of what was set before; a call above --approve-above needs an approval
  --limit-per-call USD          --limit-calls-per-minute N    --approve-above USD
  --limit-customers A,B         --limit-destinations A,B      --limit-currencies usd,eur
`;

/** The limits that were typed; `undefined` where none was. */
export function limitsOf(
  options: Readonly<Record<string, string>>,
): Record<string, unknown> | undefined {
  const given = LIMIT_NAMES.flatMap((name) => {
    const text = options[OPTIONS[name]];
    return text === undefined ? [] : [[name, valueOf(name, text)] as const];
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** Limits on one line of a table: `per_call_usd=100 customers=cus_1,cus_2`. */
export function limitsShown({ limits, approve_above_usd }: LimitFields): string {
  const above = approve_above_usd === undefined ? {} : { approve_above_usd };
  return Object.entries({ ...limits, ...above })
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}

function valueOf(name: LimitName, text: string): unknown {
  switch (name) {
    case 'per_call_usd':
      return usdOperand(text);
    case 'calls_per_minute':
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw new BadUsage(`${text} is no number of calls, such as 10`);
    default:
      return text.split(',');
  }
}
