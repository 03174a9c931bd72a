/** How many rows are worked on before other work has its turn: about two milliseconds of work. */
export const PIECE_ROWS = 100;
/** How many rows a block has before it is split: what an insertion moves at most. */
const BLOCK_ROWS = 512;

interface Grouped<Row> {
  key: string;
  row: Row;
}

/**
 * Rows by their keys, in the order of these, and at most so many: those with the smallest keys. No
 * insertion takes long, however many there are, and nothing has to be sorted at the end.
 */
export class SpendGroups<Row> {
  /** Each with some rows, in order; none is empty but the only one. */
  readonly #blocks: Grouped<Row>[][] = [[]];
  #size = 0;
  #isCut = false;

  /**
   * @param max How many rows it keeps.
   * @param after Only those with greater keys; absent where all are meant.
   */
  constructor(
    private readonly max: number,
    private readonly after?: string,
  ) {}

  /** Whether there was a row for which it has no room. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** The greatest key it has, where it has no room for a greater one. */
  get bound(): string | undefined {
    return this.#size === this.max ? this.lastKey : undefined;
  }

  get lastKey(): string | undefined {
    return this.#blocks.at(-1)?.at(-1)?.key;
  }

  /** The row of a key, which it makes where it has none yet; `undefined` where there is no room for it. */
  row(key: string, make: () => Row): Row | undefined {
    if (this.after !== undefined && key <= this.after) return undefined;
    const { bound } = this;
    if (bound !== undefined && key > bound) {
      this.#isCut = true;
      return undefined;
    }
    const at = this.#blockOf(key);
    const block = this.#blocks[at] ?? [];
    const place = placeIn(block, key);
    const found = block[place];
    if (found?.key === key) return found.row;
    const row = make();
    block.splice(place, 0, { key, row });
    this.#size += 1;
    if (block.length > BLOCK_ROWS) {
      this.#blocks.splice(at + 1, 0, block.splice(BLOCK_ROWS / 2));
    }
    if (this.#size > this.max) this.#dropLast();
    return row;
  }

  /** All rows in the order of their keys, at most so many at a time. */
  *slices(rows: number): Generator<readonly Grouped<Row>[]> {
    for (const block of this.#blocks) {
      for (let i = 0; i < block.length; i += rows) yield block.slice(i, i + rows);
    }
  }

  /** The block that has a key, or is to have it: the last one that does not begin after it. */
  #blockOf(key: string): number {
    let [low, high] = [0, this.#blocks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#blocks[middle]?.[0]?.key ?? '') <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #dropLast(): void {
    const last = this.#blocks.at(-1);
    last?.pop();
    if (last?.length === 0 && this.#blocks.length > 1) this.#blocks.pop();
    this.#size -= 1;
    this.#isCut = true;
  }
}

/** Where a key is in a block, or is to be. */
function placeIn(block: readonly Grouped<unknown>[], key: string): number {
  let [low, high] = [0, block.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((block[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
