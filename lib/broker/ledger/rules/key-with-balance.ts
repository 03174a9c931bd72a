import type { KeyWithBalance } from '../../keys/key';
import type { Book } from '../book';
import { brakeOn } from './brakes';
import { keyBalanceName } from './caps';

/** A key as operators see it; `undefined` where no key has the id. */
export function withBalance(book: Book, id: string): KeyWithBalance | undefined {
  const key = book.key(id);
  if (key === undefined) return undefined;
  return {
    key,
    balance: book.balance(keyBalanceName(key.id)),
    braked: brakeOn(book, key) !== undefined,
  };
}
