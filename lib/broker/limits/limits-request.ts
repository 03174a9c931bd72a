import { isRecord } from '../../contract/is-record';
import { LIMIT_NAMES, limitFaults } from '../../contract/limit-rules';
import { capFault, capToMicros } from '../../contract/usd';
import { unknownFields } from '../known-fields';
import type { FieldIssue } from '../refusal';
import type { Limits } from './limits';

/**
 * Reads the fields `limits` and `approve_above_usd` of a key or a budget.
 *
 * @returns No `limits` where both are absent, or limit nothing.
 */
export function parseLimits({
  limits: value,
  approve_above_usd: approveAbove,
}: Readonly<Record<string, unknown>>): { limits?: Limits; faults: FieldIssue[] } {
  const { limits, faults } = parseListed(value);
  if (approveAbove === undefined) return { ...(limits === undefined ? {} : { limits }), faults };
  const message = capFault(approveAbove);
  if (message !== undefined) {
    return { faults: [...faults, { field: 'approve_above_usd', message }] };
  }
  return { limits: { ...limits, approveAboveMicros: capToMicros(approveAbove as number) }, faults };
}

/** Reads the field `limits`. */
function parseListed(value: unknown): { limits?: Limits; faults: FieldIssue[] } {
  if (value === undefined) return { faults: [] };
  if (!isRecord(value)) return { faults: [{ field: 'limits', message: 'must be an object' }] };
  const faults: FieldIssue[] = unknownFields(value, LIMIT_NAMES, 'limits');
  for (const name of LIMIT_NAMES) {
    if (value[name] === undefined) continue;
    for (const { item, message } of limitFaults(name, value[name])) {
      faults.push({ field: `limits.${name}${item === undefined ? '' : `[${item}]`}`, message });
    }
  }
  if (faults.length > 0 || LIMIT_NAMES.every((name) => value[name] === undefined)) {
    return { faults };
  }
  const { per_call_usd: perCall, calls_per_minute: callsPerMinute } = value;
  const { customers, destinations, currencies } = value;
  return {
    limits: {
      ...(perCall === undefined ? {} : { perCallMicros: capToMicros(perCall as number) }),
      ...(callsPerMinute === undefined ? {} : { callsPerMinute: callsPerMinute as number }),
      ...(customers === undefined ? {} : { customers: customers as string[] }),
      ...(destinations === undefined ? {} : { destinations: destinations as string[] }),
      ...(currencies === undefined ? {} : { currencies: currencies as string[] }),
    },
    faults,
  };
}
