import type { MicroUsd } from '../../../contract/usd';
import type { FoundObject, ReportedObject } from '../../pricing/price';
import type { Book, ObjectName } from '../book';
import type { Hold } from '../records';

/** What the ledger knows of a vendor's object: its own amount in minor units, and what it may cost. */
export interface KnownObject {
  /** Absent where the object was only looked up: the vendor has to be asked again. */
  amount?: number;
  currency: string;
  exposureMicros: MicroUsd;
  /** Whether the vendor said that it has come to its end: no later call adds to what it costs. */
  isFinal?: boolean;
}

/** What a settled hold gave back. */
export interface GivenBack {
  hold: Hold;
  micros: MicroUsd;
}

export function knownObject(book: Book, name: ObjectName): KnownObject | undefined {
  const found = book.object(name);
  if (found === undefined) return undefined;
  const { amount, currency, rootId, isFinal } = found;
  return {
    ...(amount === 0 ? {} : { amount }),
    currency,
    exposureMicros: book.exposure({ ...name, id: rootId }),
    isFinal,
  };
}

/** As {@link knownObject}; of what the ledger does not know, what the vendor has said. */
export function objectOfCall(
  book: Book,
  name: ObjectName,
  found: FoundObject | undefined,
): KnownObject | undefined {
  const known = knownObject(book, name);
  if (found === undefined || known?.amount !== undefined) return known;
  const { amount, currency, isFinal } = found;
  return {
    amount,
    currency,
    exposureMicros: known?.exposureMicros ?? book.exposure(rootOfFound(book, name, found)),
    isFinal: isFinal === true || known?.isFinal === true,
  };
}

/** The object under whose id the money of a call's object is counted. */
export function rootOfCall(
  book: Book,
  name: ObjectName,
  found: FoundObject | undefined,
): ObjectName {
  return found === undefined ? rootOf(book, name) : rootOfFound(book, name, found);
}

/** Records an object that was looked up, with its other ids. */
export function recordFound(book: Book, name: ObjectName, found: FoundObject): void {
  const { currency, isFinal = false } = found;
  const { id: rootId } = rootOfFound(book, name, found);
  for (const id of [name.id, ...found.aliases]) {
    if (book.object({ ...name, id }) !== undefined) continue;
    const ended = isFinal && id === name.id;
    book.putObject({
      ...name,
      id,
      rootId,
      amount: 0,
      currency,
      isFinal: ended,
      hasDestination: found.hasDestination === true,
      seenAt: book.now,
    });
  }
}

/** The root that any of its ids has already; else the one that the vendor says. */
function rootOfFound(book: Book, name: ObjectName, { rootId, aliases }: FoundObject): ObjectName {
  for (const id of [name.id, rootId, ...aliases]) {
    const known = book.object({ ...name, id });
    if (known !== undefined) return { ...name, id: known.rootId };
  }
  return { ...name, id: rootId };
}

/** The object under whose id the money of an object is counted. */
export function rootOf(book: Book, name: ObjectName): ObjectName {
  const rootId = book.object(name)?.rootId;
  return rootId === undefined ? name : { ...name, id: rootId };
}

/** Records what an answer says of an object; a lower amount than is known counts only where it may. */
export function recordObject(
  book: Book,
  account: { vendor: string; account: string },
  reported: ReportedObject,
  canReduceExposure: boolean,
): void {
  const { currency, amount } = reported;
  const itself = book.object({ ...account, id: reported.id });
  const rootId = itself?.rootId ?? reported.id;
  for (const id of [reported.id, ...reported.aliases]) {
    const known = id === reported.id ? itself : book.object({ ...account, id });
    const keeps = !canReduceExposure && known?.currency === currency;
    book.putObject({
      vendor: account.vendor,
      account: account.account,
      id,
      rootId: known?.rootId ?? rootId,
      amount: keeps ? Math.max(known.amount, amount) : amount,
      currency,
      isFinal: reported.isFinal === true || known?.isFinal === true,
      hasDestination: reported.hasDestination === true || known?.hasDestination === true,
      seenAt: book.now,
    });
  }
}

/** Lowers the exposure of a root object: the newest holds give back first, where each was charged. */
export function reduceExposure(book: Book, root: ObjectName, finalMicros: MicroUsd): GivenBack[] {
  const given: GivenBack[] = [];
  let excess = book.exposure(root) - finalMicros;
  if (excess <= 0) return given;
  for (const hold of book.settledHolds(root)) {
    const micros = Math.min(excess, hold.settledMicros);
    if (micros <= 0) continue;
    book.changeHold(hold, { ...hold, settledMicros: hold.settledMicros - micros });
    book.charge(hold.chargedTo, { spent: -micros }, hold.createdAt);
    excess -= micros;
    given.push({ hold, micros });
  }
  return given;
}

/** What is known of those of some objects that are known at all, by their ids. */
export function knownObjects(
  book: Book,
  of: Omit<ObjectName, 'id'>,
  ids: readonly string[],
): ReadonlyMap<string, KnownObject> {
  const found = new Map<string, KnownObject>();
  for (const id of ids) {
    const object = knownObject(book, { ...of, id });
    if (object !== undefined) found.set(id, object);
  }
  return found;
}
