import { LatestItems, LatestMap } from './latest';
import { StripeError } from './stripe-error';

export interface Page {
  limit?: number | undefined;
  startingAfter?: string | undefined;
  endingBefore?: string | undefined;
}

/** The latest objects of one kind, in the order they came; found by id at once, listed newest first. */
export class Shelf<T extends { readonly id: string }> {
  readonly #items: LatestItems<T>;
  /** Positions count those that were forgotten too. */
  readonly #positions: LatestMap<string, number>;
  readonly #removed: LatestMap<string, true>;

  /**
   * @param what the kind as error messages call it: `payment_intent`
   * @param bound how many are kept
   */
  constructor(
    readonly what: string,
    bound: number,
  ) {
    this.#items = new LatestItems(bound);
    this.#positions = new LatestMap(bound);
    this.#removed = new LatestMap(bound);
  }

  get size(): number {
    return this.#items.all.length;
  }

  add(item: T): T {
    this.#positions.set(item.id, this.#items.forgotten + this.size);
    this.#items.add(item);
    return item;
  }

  /** It is found and listed no more. */
  remove(id: string): void {
    if (this.#positions.delete(id)) this.#removed.set(id, true);
  }

  /** Those that match, oldest first. */
  all(matches: (item: T) => boolean = () => true): T[] {
    return this.#items.all.filter((item) => !this.#removed.has(item.id) && matches(item));
  }

  find(id: string): T | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.#at(position);
  }

  /** @throws {StripeError} 404 where a path names nothing, 400 where a parameter does */
  get(id: string, param: string, status: 400 | 404 = 404): T {
    const item = this.find(id);
    if (item === undefined) throw StripeError.missing(this.what, id, param, status);
    return item;
  }

  list(page: Page, matches: (item: T) => boolean): { data: T[]; has_more: boolean } {
    const limit = page.limit ?? 10;
    const step = page.endingBefore === undefined ? -1 : 1;
    let position = this.#items.forgotten + this.size - 1;
    if (page.endingBefore !== undefined) {
      position = this.#positionOf(page.endingBefore, 'ending_before') + 1;
    } else if (page.startingAfter !== undefined) {
      position = this.#positionOf(page.startingAfter, 'starting_after') - 1;
    }

    const data: T[] = [];
    for (let item = this.#at(position); item !== undefined; item = this.#at(position)) {
      if (!this.#removed.has(item.id) && matches(item)) {
        if (data.length === limit)
          return { data: step === 1 ? data.reverse() : data, has_more: true };
        data.push(item);
      }
      position += step;
    }
    return { data: step === 1 ? data.reverse() : data, has_more: false };
  }

  #at(position: number): T | undefined {
    return this.#items.all[position - this.#items.forgotten];
  }

  #positionOf(id: string, param: string): number {
    const position = this.#positions.get(id);
    if (position === undefined) throw StripeError.missing(this.what, id, param, 400);
    return position;
  }
}
