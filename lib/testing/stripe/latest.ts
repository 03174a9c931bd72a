/** As many of the latest as its bound says, in the order they came: what is older makes room. */
export class LatestMap<K, V> extends Map<K, V> {
  readonly #bound: number;

  constructor(bound: number) {
    super();
    this.#bound = bound;
  }

  override set(key: K, value: V): this {
    super.set(key, value);
    if (this.size > this.#bound) {
      const oldest = this.keys().next();
      if (oldest.done !== true) this.delete(oldest.value);
    }
    return this;
  }
}

/** As {@link LatestMap}, of items that have no key. */
export class LatestItems<T> {
  readonly #items: T[] = [];
  readonly #bound: number;
  #forgotten = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** Oldest first. */
  get all(): readonly T[] {
    return this.#items;
  }

  /** How many made room for later ones. */
  get forgotten(): number {
    return this.#forgotten;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length <= this.#bound) return;
    this.#items.shift();
    this.#forgotten += 1;
  }

  clear(): void {
    this.#items.length = 0;
    this.#forgotten = 0;
  }
}
