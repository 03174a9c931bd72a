import type { KeyRecord } from '../../keys/key';
import { parentMissing } from '../../refusal';
import type { Book } from '../book';

/** How many keys may be above a key. */
export const MAX_PARENTS = 16;

/** The keys above a key, the nearest first, and the id of the first one that the store lacks. */
export function lineOf(book: Book, key: KeyRecord): { ancestors: KeyRecord[]; missingId?: string } {
  const ancestors: KeyRecord[] = [];
  let { parentId } = key;
  while (parentId !== undefined) {
    const parent = book.key(parentId);
    // More than can be issued: another program has changed the store, perhaps to a circle.
    if (parent === undefined || ancestors.length > MAX_PARENTS) {
      return { ancestors, missingId: parentId };
    }
    ancestors.push(parent);
    ({ parentId } = parent);
  }
  return { ancestors };
}

/**
 * The keys above a key, the nearest first.
 *
 * @throws BrokerRefusal where the store lacks one of them.
 */
export function ancestorsOf(book: Book, key: KeyRecord): KeyRecord[] {
  const { ancestors, missingId } = lineOf(book, key);
  if (missingId !== undefined) throw parentMissing(missingId);
  return ancestors;
}
