import { createHash } from 'node:crypto';
import { labelFault, withoutUnshown } from '../contract/label-rule';

const MAX_LABEL = 200;
const MAX_SUBJECT = 128;
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * `nest-<user>-<run>`, as key lists and the audit log show it. A user id may hold anything: what a
 * label may not hold becomes `_`, and the user is cut so that the whole fits.
 */
export function keyLabel(prefix: string, userId: string, runId: string): string {
  const room = MAX_LABEL - prefix.length - runId.length - 2;
  return `${prefix}-${shown(userId, room)}-${runId}`;
}

/**
 * An id as the subject of a key. One that the broker would refuse (too long, blank, unprintable) is
 * sent as its hash: cut short, two users could share one budget. So is one that looks like a hash.
 */
export function subjectId(id: string): string {
  const fits = PLAIN.test(id)
    ? id.length <= MAX_SUBJECT && id.trim() !== ''
    : labelFault(id, MAX_SUBJECT) === undefined;
  return fits && !id.startsWith('sha256-')
    ? id
    : `sha256-${createHash('sha256').update(id, 'utf16le').digest('hex')}`;
}

function shown(text: string, room: number): string {
  if (PLAIN.test(text)) return text.slice(0, room);
  // Cut before it is cleaned: a cut can part emoji from what joins them.
  return withoutUnshown(Array.from(text).slice(0, room).join(''));
}
