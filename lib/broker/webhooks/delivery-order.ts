import type { LoggedEvent } from '../events/event';

/** Events with the same text arrive in their order: those of one user, or of a tenant without a user. */
export function orderOf(event: LoggedEvent): string {
  const { tenant_id = '', user_id = '' } = 'subject' in event ? event.subject : {};
  return JSON.stringify([tenant_id, user_id]);
}

/** Events by {@link orderOf}, each list in its order. */
export function bySubject(events: readonly LoggedEvent[]): Map<string, LoggedEvent[]> {
  const lists = new Map<string, LoggedEvent[]>();
  for (const event of events) {
    const subject = orderOf(event);
    const list = lists.get(subject);
    if (list === undefined) lists.set(subject, [event]);
    else list.push(event);
  }
  return lists;
}
