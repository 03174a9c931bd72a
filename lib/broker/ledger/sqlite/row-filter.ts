import type { SqliteConnection, SqliteStatement, SqliteValue } from './sqlite-driver';

/** Of each row it has 4 of 16 bits: fewer than 3 in 1,000 rows that are not there look as if they were. */
const BITS_OF_ROW = 16;
const MARKS_OF_ROW = 4;
const FIRST_ROWS = 65_536;
/** 16 MiB. */
const MAX_ROWS = 8_388_608;
/** How many rows of the table each look takes in, until it has them all: some 0.1 ms. */
const SLICE_ROWS = 128;

/** Some of the rows; a power of two of them. */
class Layer {
  readonly #words: Uint32Array;
  readonly #lastBit: number;
  #left: number;

  constructor(readonly rows: number) {
    this.#words = new Uint32Array((rows * BITS_OF_ROW) / 32);
    this.#lastBit = rows * BITS_OF_ROW - 1;
    this.#left = rows;
  }

  get isFull(): boolean {
    return this.#left === 0;
  }

  add(first: number, step: number): void {
    for (let i = 0, at = first; i < MARKS_OF_ROW; i++, at += step) {
      const bit = at & this.#lastBit;
      this.#words[bit >>> 5] = (this.#words[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
    this.#left -= 1;
  }

  has(first: number, step: number): boolean {
    for (let i = 0, at = first; i < MARKS_OF_ROW; i++, at += step) {
      const bit = at & this.#lastBit;
      if (((this.#words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/**
 * Tells of most rows that a table does not have them, without a look at the table: a Bloom filter. It is
 * filled from the table bit by bit, and says nothing until then.
 */
export class RowFilter {
  readonly #begin: SqliteStatement;
  readonly #goOn: SqliteStatement;
  #layers: Layer[] = [];
  /** How many rows it may have, and how many of them a walk along the table has found. */
  #rows = 0;
  #found = 0;
  /** The primary key of the last row that the walk has found. */
  #last: readonly SqliteValue[] | undefined;
  #isWhole = false;
  /** The table has too many rows for it. */
  #isOff = false;
  #step = 0;

  /** @param columns Those of the primary key: a row is named by their values, with a slash between two. */
  constructor(
    connection: SqliteConnection,
    table: string,
    columns: readonly string[],
    private readonly maxRows = MAX_ROWS,
  ) {
    const key = columns.join(', ');
    const walk = (where: string): SqliteStatement =>
      connection
        .prepare(`SELECT ${key} FROM ${table} ${where} ORDER BY ${key} LIMIT ${SLICE_ROWS}`)
        .raw();
    this.#begin = walk('');
    this.#goOn = walk(`WHERE (${key}) > (${columns.map(() => '?').join(', ')})`);
  }

  /** Whether the table may have a row: false only where it is sure that it has not. */
  mayHave(key: string): boolean {
    if (this.#isOff) return true;
    if (!this.#isWhole) this.#takeIn();
    if (!this.#isWhole) return true;
    return this.#has(this.#hash(key));
  }

  /**
   * The table is about to have some rows. To be called while no others are on their way to it: what was
   * added and is not there yet may be forgotten here.
   */
  add(keys: Iterable<string>): void {
    if (this.#isOff) return;
    if (this.#rows >= this.maxRows) this.#beginAgain();
    for (const key of keys) this.#add(key);
  }

  #takeIn(): void {
    const rows = (
      this.#last === undefined ? this.#begin.all() : this.#goOn.all(this.#last)
    ) as SqliteValue[][];
    for (const values of rows) this.#add(values.join('/'));
    this.#found += rows.length;
    this.#last = rows.at(-1) ?? this.#last;
    this.#isWhole = rows.length < SLICE_ROWS;
  }

  /** Rows that have left the table are still in it: the walk finds those that are there. */
  #beginAgain(): void {
    // It would be as full as it is soon after.
    this.#isOff = this.#found > this.maxRows / 2;
    this.#layers = [];
    this.#rows = 0;
    this.#found = 0;
    this.#last = undefined;
    this.#isWhole = false;
  }

  #has(first: number): boolean {
    return this.#layers.some((layer) => layer.has(first, this.#step));
  }

  #add(key: string): void {
    const first = this.#hash(key);
    if (this.#has(first)) return;
    let layer = this.#layers.at(-1);
    if (layer === undefined || layer.isFull) {
      layer = new Layer(layer === undefined ? FIRST_ROWS : 2 * layer.rows);
      this.#layers.push(layer);
    }
    layer.add(first, this.#step);
    this.#rows += 1;
  }

  /** FNV-1a, and a second value of the same kind in {@link #step}; who looks for collisions gains a SELECT. */
  #hash(key: string): number {
    let [first, second] = [0x81_1c_9d_c5, 0x9e_37_79_b9];
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      first = Math.imul(first ^ code, 0x01_00_01_93);
      second = Math.imul(second ^ code, 0x85_eb_ca_6b);
      second ^= second >>> 15;
    }
    this.#step = (second ^ (second >>> 13)) | 1;
    return first ^ (first >>> 16);
  }
}
