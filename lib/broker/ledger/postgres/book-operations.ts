import type { Operation } from '../rules/operation';
import type { Deletions } from './deletions';
import { flightsAdopted, flightsAfter } from './flights';
import type { FlownOperation, LoadedRows } from './loaded-rows';
import type { NamedOperation } from './sent-rows';
import { nameOf } from './wanted-rows';

/** What a batch's operations are made of. */
export interface BookOperationsParts {
  loaded: LoadedRows | undefined;
  deletions: Deletions;
  /** The id of this instance. */
  writer: string;
  /** Has an operation that was not loaded loaded. */
  miss: (vendor: string, keyHash: string) => void;
}

/** The operations of one batch, and whose calls are in flight under them. */
export class BookOperations {
  readonly #changed = new Map<string, NamedOperation>();

  constructor(private readonly parts: BookOperationsParts) {}

  get changed(): ReadonlyMap<string, NamedOperation> {
    return this.#changed;
  }

  get(vendor: string, keyHash: string): FlownOperation | undefined {
    if (keyHash === '') return undefined;
    const { loaded, deletions, miss } = this.parts;
    const name = nameOf(vendor, keyHash);
    const gone = deletions.has('operations', vendor, keyHash);
    const found = this.#changed.get(name) ?? (gone ? undefined : loaded?.operations.get(name));
    if (found === undefined && loaded?.asked.operations.has(name) !== true) miss(vendor, keyHash);
    return found;
  }

  put(vendor: string, keyHash: string, operation: Operation): void {
    const flights = flightsAfter(this.get(vendor, keyHash), operation, this.parts.writer);
    this.#set({ vendor, keyHash, operation, flights });
  }

  /** How many calls of an instance are in flight under an operation. */
  flightsOf(vendor: string, keyHash: string, writer: string): number {
    return this.get(vendor, keyHash)?.flights[writer] ?? 0;
  }

  /** The calls of an instance that is gone are this one's to end. */
  adoptFlights(vendor: string, keyHash: string, gone: string): void {
    const known = this.get(vendor, keyHash);
    if (known === undefined) return;
    const flights = flightsAdopted(known.flights, gone, this.parts.writer);
    this.#set({ vendor, keyHash, operation: known.operation, flights });
  }

  #set(operation: NamedOperation): void {
    this.#changed.set(nameOf(operation.vendor, operation.keyHash), operation);
  }
}
