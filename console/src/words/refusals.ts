import type { AuditEntryView } from '../api/views';
import { countText, usdText } from '../format/money';
import { perPeriod, scopeWord } from './names';

/** `This call needs $90.00, but $79.20 remain of the user's cap of $100.00 a week. Do not retry it.` */
const CAP_REASON =
  /needs (more|\$[\d,.]+)(?: beside (\$[\d,.]+) that it takes back)?, but (-?\$[\d,.]+) remain of the (\w+)'s cap of (\$[\d,]+(?:\.\d+)?)(?: (a week|a month|in 24 hours))?/;

/** What became of a call in one sentence: of a refused one, why, and by which cap. */
export function outcomeSentence(entry: AuditEntryView): string {
  const sentence =
    entry.event === 'refusal'
      ? refusalSentence(entry)
      : (CALLS[entry.verdict ?? '']?.(entry) ?? '');
  const { would_refuse: shadow } = entry;
  if (shadow != null) {
    return `${sentence} In shadow mode ${capName(shadow.scope, entry)}'s cap of ${usdText(shadow.cap_usd)} ${perPeriod(shadow.period)} would have refused it.`;
  }
  if (entry.count <= 1) return sentence;
  return `${sentence} It is the last of ${countText(entry.count)} such refusals in a row.`;
}

const CALLS: Readonly<Record<string, (entry: AuditEntryView) => string>> = {
  settled: ({ settled_usd: usd, undone_usd: undone, vendor_status: status }) =>
    undone !== undefined && undone > 0
      ? `The vendor executed it; ${usdText(undone)} of this user's own spend was taken back.`
      : usd === null || usd === 0
        ? `The vendor answered${status === null ? '' : ` ${status}`}; no money moved.`
        : `The vendor executed it; ${usdText(usd)} is spent.`,
  released: ({ vendor_status: status }) =>
    status === null
      ? 'Nothing was sent, so what it had reserved was given back.'
      : `The vendor refused it with ${status}, so what it had reserved was given back.`,
  unknown: ({ reason }) =>
    `Whether the vendor executed it is not known${reason === null ? '' : ` (${reason})`}: it keeps counting until somebody ends its hold.`,
};

/** Why a call was refused, in one sentence that names what refused it. */
export function refusalSentence(entry: AuditEntryView): string {
  const reason = (entry.reason ?? '').trim();
  const known = REFUSED[entry.verdict ?? '']?.(entry, reason);
  if (known !== undefined) return known;
  if (reason === '')
    return `The broker refused it: ${(entry.verdict ?? 'no reason').replaceAll('_', ' ')}.`;
  return ended(reason);
}

type Words = (entry: AuditEntryView, reason: string) => string | undefined;

const REFUSED: Readonly<Record<string, Words>> = {
  cap_exhausted(entry, reason) {
    const [, needed, takenBack, left, scope = '', cap, named] = CAP_REASON.exec(reason) ?? [];
    if (needed === undefined) return undefined;
    const besides = takenBack === undefined ? '' : ` beside ${takenBack} that it takes back`;
    // A key's cap is for its whole life; of a budget that names no period a day is meant.
    const period = scope === 'key' || scope === 'parent' ? '' : ` ${named ?? 'a day'}`;
    return `It needed ${needed}${besides}, but ${left} was left of ${capName(scope, entry)}'s cap of ${cap}${period}.`;
  },
  endpoint_not_allowed: (entry) =>
    `${entry.method} ${entry.path} is not on the allow-list of ${keyName(entry)}.`,
  braked(_, reason) {
    const [, scope, why] = /stopped (?:this |all )?(.*?): (.*)$/s.exec(reason) ?? [];
    if (why === undefined) return undefined;
    return `A brake on ${scope === '' || scope === undefined ? 'everything' : `its ${scopeWord(scope)}`} stopped it: ${ended(why)}`;
  },
  approval_required: (entry) =>
    `It waits for a person's approval${entry.requested_usd ? `: ${usdText(entry.requested_usd)} is above what may pass alone` : ''}.`,
  approval_denied: () => 'A person denied its approval.',
  approvals_full: () => 'Too many calls of this user wait for approval already.',
  currency_not_priced: (entry) =>
    `The broker has no rate for ${entry.currency?.toUpperCase() ?? 'its currency'}, so it cannot count it.`,
  overloaded: () => 'The broker or its connections to the vendor were busy; nothing was sent.',
  store_unavailable: () => 'The ledger could not be written, so nothing was sent.',
  audit_unavailable: () => 'The audit log could not be written, so nothing was sent.',
  idempotency_key_reused: () => 'Another call was sent under the same Idempotency-Key.',
  vendor_unreachable: () => 'The vendor could not be reached; nothing was sent.',
};

/** Whose cap it was: `user mira`, `the key nest-mira-r1`. */
function capName(scope: string, entry: AuditEntryView): string {
  const { tenant_id, user_id, run_id, tool } = entry.subject;
  const named: Readonly<Record<string, string | null | undefined>> = {
    tenant: tenant_id,
    user: user_id,
    run: run_id,
    tool,
    vendor: entry.vendor,
    key: entry.label,
  };
  const id = named[scope];
  if (scope === 'parent') return 'its parent key';
  if (scope === 'key') return id ? `key ${id}` : 'its key';
  return id ? `${scopeWord(scope)} ${id}` : `its ${scopeWord(scope)}`;
}

function keyName({ label }: AuditEntryView): string {
  return label === null ? 'its key' : `key ${label}`;
}

/** One sentence with its end, without what speaks to the agent. */
export function ended(text: string): string {
  if (text === '') return '';
  const plain = text.replace(/\s*Do not retry it\.?$/, '').trim();
  const first = plain[0]?.toUpperCase() ?? '';
  return `${first}${plain.slice(1)}${/[.!?]$/.test(plain) ? '' : '.'}`;
}
