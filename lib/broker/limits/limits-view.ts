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

/** What the limits of a key or a budget are in the management API: those of a call, and what needs an approval. */
export interface LimitFields {
  limits?: LimitsView;
  /** A call after which its object may cost more needs an approval. */
  approve_above_usd?: number;
}

/** The fields that show limits; none where nothing is limited. */
export function limitFields(limits: Limits | undefined): LimitFields {
  if (limits === undefined) return {};
  const { approveAboveMicros } = limits;
  const view = limitsView(limits);
  return {
    ...(Object.keys(view).length === 0 ? {} : { limits: view }),
    ...(approveAboveMicros === undefined ? {} : { approve_above_usd: toUsd(approveAboveMicros) }),
  };
}

function limitsView(limits: Limits): LimitsView {
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
  const { limits: view = {}, approve_above_usd } = limitFields(limits);
  return Object.entries({
    ...view,
    ...(approve_above_usd === undefined ? {} : { approve_above_usd }),
  })
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ');
}
