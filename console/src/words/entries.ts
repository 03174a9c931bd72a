import type { AuditEntryView } from '../api/views';
import { usdText } from '../format/money';
import { fullText } from '../format/time';
import { ended, outcomeSentence } from './refusals';

const EVENTS: Readonly<Record<string, string>> = {
  call: 'Call',
  refusal: 'Refusal',
  issue: 'Key issued',
  revoke: 'Key revoked',
  brake: 'Brake put',
  lift: 'Brake lifted',
  budget: 'Budget changed',
  raise: 'Budget raised',
  approval: 'Approval',
  settlement: 'Hold ended',
  give_back: 'Given back',
  lookup: 'Looked up at the vendor',
  threshold: 'Threshold',
  webhook: 'Webhook',
  segment: 'Log cut or exported',
  backup: 'Backup begun',
  reload: 'Settings changed',
};

export function eventWord(event: string): string {
  return EVENTS[event] ?? event.replaceAll('_', ' ');
}

/** What a row of the audit log tells, in one sentence. */
export function entrySentence(entry: AuditEntryView): string {
  const { event, reason, verdict } = entry;
  if (event === 'call' || event === 'refusal') return outcomeSentence(entry);
  const change = [entry.old_value, entry.new_value]
    .filter((value) => value != null)
    .map(plainValue)
    .join(' → ');
  if (event === 'give_back' && entry.settled_usd !== null) {
    return `${usdText(-entry.settled_usd)} went back to its caps${reason === null ? '' : ` (${reason})`}.`;
  }
  if (event === 'settlement') {
    const usd = entry.settled_usd ?? 0;
    const what =
      entry.verdict === 'released' ? 'It was released' : `It was settled for ${usdText(usd)}`;
    return `${what}${reason === null ? '' : `: ${reason}`}.`;
  }
  if (event === 'issue' && entry.cap_usd !== null) {
    return `Capped at ${usdText(entry.cap_usd)}.`;
  }
  const what = event === 'webhook' ? verdict : change;
  return ended([what, reason].filter((part) => part !== null && part !== '').join(': '));
}

const IDS = /,?\s*\b(?:apr|brk|rse)_[\w-]+:?\s*/g;
const INSTANTS = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** A value as the log has it, without ids, and with instants for people. */
function plainValue(value: string): string {
  return value
    .replace(IDS, ' ')
    .replace(INSTANTS, (iso) => fullText(iso, 'UTC'))
    .trim();
}
