import type { AuditEntryView } from '../api/views';
import { usdText } from '../format/money';
import { outcomeSentence } from './refusals';

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
  const { event, reason } = entry;
  if (event === 'call' || event === 'refusal') return outcomeSentence(entry);
  const change = [entry.old_value, entry.new_value].filter((value) => value != null).join(' → ');
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
  return [reason, change].filter((part) => part !== null && part !== '').join(' · ');
}
