/** The id of an event's message: the same for each attempt, and no other webhook's. */
export function messageId(stream: string, eventId: string): string {
  // A dot separates the parts of what is signed.
  return `evt_${stream}_${eventId.replace('.', '-')}`;
}
