import { MICROS_PER_USD, toUsd } from '../../contract/usd';
import type { MicroUsd } from '../../contract/usd';
import type { AuditEntryView } from '../audit/audit-view';

/** The scopes for which a cap is proposed. */
const SCOPES = ['tenant', 'user', 'tool'] as const;

/** A cap of the day for one subject, and what it would have refused. */
export interface CapProposal {
  /** `max`: above the costliest day by a fifth. `p95`: above 95 of 100 days on which it spent. */
  basis: 'max' | 'p95';
  daily_usd_cap: number;
  would_refuse: { calls: number; days: number };
}

/** What one subject has spent, and the caps that fit it. */
export interface SubjectProposals {
  scope: (typeof SCOPES)[number];
  id: string;
  /** Of a user, where it has one. */
  tenant_id?: string;
  /** On how many days it has spent. */
  days: number;
  calls: number;
  median_usd: number;
  max_usd: number;
  proposals: readonly CapProposal[];
}

/** A call that took a hold. */
interface Call {
  day: string;
  requested: MicroUsd;
  /** What it came to in the end. */
  net: MicroUsd;
}

/** Sums up the rows of an audit log, given newest first, by tenant, user and tool. */
export class CapProposals {
  /** What the rows after a call's own have added to it. */
  readonly #later = new Map<string, MicroUsd>();
  readonly #subjects = new Map<string, { of: SubjectName; calls: Call[] }>();

  add({ event, call_id, day, verdict, subject, requested_usd, settled_usd }: AuditEntryView): void {
    if (call_id === null || day === null || settled_usd === null) return;
    const settled = microsOf(settled_usd);
    if (event === 'settlement' || event === 'give_back') {
      this.#later.set(call_id, (this.#later.get(call_id) ?? 0) + settled);
      return;
    }
    if (event !== 'call') return;
    const requested = microsOf(requested_usd ?? 0);
    const later = this.#later.get(call_id);
    this.#later.delete(call_id);
    // One whose outcome is unknown counts as it was asked for, until a settlement says otherwise.
    const own = verdict === 'unknown' && later === undefined ? requested : settled;
    const net = own + (later ?? 0);
    if (requested === 0 && net === 0) return;
    for (const of of subjectsOf(subject)) {
      const name = JSON.stringify(of);
      const known = this.#subjects.get(name) ?? { of, calls: [] };
      known.calls.push({ day, requested, net });
      this.#subjects.set(name, known);
    }
  }

  /** Those who have spent, the most first in each scope. */
  get all(): SubjectProposals[] {
    return [...this.#subjects.values()]
      .map(({ of, calls }) => proposalsFor(of, calls.reverse()))
      .filter(({ max_usd }) => max_usd > 0)
      .sort(
        (one, other) =>
          SCOPES.indexOf(one.scope) - SCOPES.indexOf(other.scope) || other.max_usd - one.max_usd,
      );
  }
}

interface SubjectName {
  scope: (typeof SCOPES)[number];
  id: string;
  tenant_id?: string;
}

function subjectsOf({ tenant_id, user_id, tool }: AuditEntryView['subject']): SubjectName[] {
  return [
    ...(tenant_id === undefined ? [] : [{ scope: 'tenant' as const, id: tenant_id }]),
    ...(user_id === undefined
      ? []
      : [
          {
            scope: 'user' as const,
            id: user_id,
            ...(tenant_id === undefined ? {} : { tenant_id }),
          },
        ]),
    ...(tool === undefined ? [] : [{ scope: 'tool' as const, id: tool }]),
  ];
}

/** @param calls The oldest first. */
function proposalsFor(of: SubjectName, calls: readonly Call[]): SubjectProposals {
  const sums = new Map<string, MicroUsd>();
  for (const { day, net } of calls) sums.set(day, (sums.get(day) ?? 0) + net);
  const days = [...sums.values()].filter((sum) => sum > 0).sort((one, other) => one - other);
  const max = days.at(-1) ?? 0;
  const caps = [
    { basis: 'max' as const, cap: roundedUp(max * 1.2) },
    { basis: 'p95' as const, cap: roundedUp(percentile(days, 0.95)) },
  ];
  return {
    ...of,
    days: days.length,
    calls: calls.length,
    median_usd: toUsd(percentile(days, 0.5)),
    max_usd: toUsd(max),
    proposals: caps
      .filter(({ cap }, i) => i === 0 || cap < (caps[0]?.cap ?? 0))
      .map(({ basis, cap }) => ({
        basis,
        daily_usd_cap: toUsd(cap),
        would_refuse: refusedBy(cap, calls),
      })),
  };
}

/** What a cap of the day would have refused; what it refuses is not spent. */
function refusedBy(cap: MicroUsd, calls: readonly Call[]): CapProposal['would_refuse'] {
  const spent = new Map<string, MicroUsd>();
  const days = new Set<string>();
  let refused = 0;
  for (const { day, requested, net } of calls) {
    const before = spent.get(day) ?? 0;
    if (before + requested <= cap) {
      spent.set(day, before + net);
      continue;
    }
    refused += 1;
    days.add(day);
  }
  return { calls: refused, days: days.size };
}

/** The smallest of sorted sums that as large a part of them does not pass. */
function percentile(sorted: readonly MicroUsd[], part: number): MicroUsd {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

/** Up to two significant digits, and whole cents. */
function roundedUp(micros: number): MicroUsd {
  const cents = Math.ceil(micros / (MICROS_PER_USD / 100));
  const unit = 10 ** Math.max(0, String(cents).length - 2);
  return Math.ceil(cents / unit) * unit * (MICROS_PER_USD / 100);
}

function microsOf(usd: number): MicroUsd {
  return Math.round(usd * MICROS_PER_USD);
}
