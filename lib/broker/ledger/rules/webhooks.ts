import type { AuditRow } from '../../audit/audit-entry';
import { instantText } from '../../instant';
import { BROKER_ACTOR } from '../../operators/actor';
import type { Actor } from '../../operators/actor';
import type { BehindSubject, ParkedEvent, WebhookState } from '../../webhooks/webhook-state';
import type { Book } from '../book';
import { auditOfCause } from './audit-rows';

/** A process that is about to send a webhook's events. */
export interface WebhookTaker {
  name: string;
  /** The process: no other has the same. */
  holder: string;
  ttlMs: number;
  /** Whether another process may have the store: then one that has said so lately goes on sending. */
  isShared: boolean;
  /** Where the events go, as a hash. */
  target: string;
  /** What a webhook that is new begins with: what is told from now on. */
  begin: { stream: string; row: number };
}

/** How far a webhook has come since it was last noted. */
export interface WebhookProgress {
  row: number;
  behind: readonly BehindSubject[];
  isStopped: boolean;
  /** The events that have been parked since then. */
  parked: readonly ParkedEvent[];
}

/** How long an event that was parked can be replayed: as long as replay goes back. */
const KEPT_MS = 7 * 86_400_000;

/** Takes a webhook over; `undefined` where another process sends its events. */
export function takeWebhook(book: Book, taker: WebhookTaker): WebhookState | undefined {
  const { name, holder, target, begin } = taker;
  const known = book.note('webhook', name);
  const isTaken = known !== undefined && known.holder !== null && known.holder !== holder;
  if (isTaken && taker.isShared && known.heldUntil > book.now) return undefined;
  // Another address was not the one that wanted no more.
  if (known !== undefined && known.stoppedAt !== null && known.target === target) return known;
  const before = known ?? { ...begin, behind: [] };
  const state = {
    ...before,
    target,
    stoppedAt: null,
    holder,
    heldUntil: book.now + taker.ttlMs,
  };
  book.putNote('webhook', name, state);
  return state;
}

/** Notes how far a webhook has come. Returns false where another process has taken it over. */
export function saveWebhook(
  book: Book,
  { name, holder, ttlMs }: Pick<WebhookTaker, 'name' | 'holder' | 'ttlMs'>,
  { row, behind, isStopped, parked }: WebhookProgress,
  isLast: boolean,
): boolean {
  const before = book.note('webhook', name);
  if (before === undefined || before.holder !== holder) return false;
  const stops = isStopped && before.stoppedAt === null;
  book.putNote('webhook', name, {
    ...before,
    row,
    behind,
    stoppedAt: stops ? book.now : before.stoppedAt,
    holder: isLast ? null : holder,
    heldUntil: isLast ? 0 : book.now + ttlMs,
  });
  for (const event of parked) {
    book.putNote('parked_event', parkedName(name, event.id), event);
    book.log({
      ...rowOf(book, name, 'parked'),
      old_value: `event ${event.id} (${event.kind})`,
      reason: event.reason,
    });
  }
  if (stops) book.log({ ...rowOf(book, name, 'stopped'), reason: 'its receiver has answered 410' });
  return true;
}

/** A webhook that was stopped is sent again. Returns `undefined` where no webhook has that name. */
export function resumeWebhook(book: Book, name: string, by: Actor): WebhookState | undefined {
  const state = book.note('webhook', name);
  if (state === undefined || state.stoppedAt === null) return state;
  const resumed = { ...state, stoppedAt: null };
  book.putNote('webhook', name, resumed);
  book.log({ ...rowOf(book, name, 'resumed'), ...auditOfCause({ by }) });
  return resumed;
}

/** An event was replayed, and has arrived. */
export function noteReplay(book: Book, name: string, id: string, by: Actor): void {
  book.deleteNote('parked_event', parkedName(name, id));
  book.log({
    ...rowOf(book, name, 'replayed'),
    ...auditOfCause({ by }),
    old_value: `event ${id}`,
  });
}

/** The name of a parked event's note: those of a webhook follow each other, the oldest first. */
export function parkedName(webhook: string, id: string): string {
  const [row = '', part = '0'] = id.split('.');
  return `${webhook}/${row.padStart(15, '0')}.${part}`;
}

/** Whether a parked event cannot be replayed any more. */
export function isOldParkedEvent({ parkedAt }: ParkedEvent, now: number): boolean {
  return parkedAt < now - KEPT_MS;
}

function rowOf(book: Book, name: string, verdict: string): AuditRow {
  return {
    at: instantText(book.now),
    event: 'webhook',
    actor: BROKER_ACTOR,
    label: name,
    verdict,
  };
}
