import { toUsd } from '../../contract/usd';
import type { Limits } from './limits';

/** The limits of a key or a budget as the management API shows them. */
export interface LimitsView {
  per_call_usd?: number;
  calls_per_minute?: number;
  customers?: readonly string[];
  destinations?: readonly string[];
  currencies?: readonly string[];
}

export function limitsView(limits: Limits): LimitsView {
  const { perCallMicros, callsPerMinute, customers, destinations, currencies } = limits;
  return {
    ...(perCallMicros === undefined ? {} : { per_call_usd: toUsd(perCallMicros) }),
    ...(callsPerMinute === undefined ? {} : { calls_per_minute: callsPerMinute }),
    ...(customers === undefined ? {} : { customers }),
    ...(destinations === undefined ? {} : { destinations }),
    ...(currencies === undefined ? {} : { currencies }),
  };
}

/** Limits in words, for the audit log: `per call $100.00, 10 calls a minute`; empty where nothing is limited. */
export function limitsText(limits: Limits | undefined): string {
  if (limits === undefined) return '';
  return Object.entries(limitsView(limits))
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ');
}
