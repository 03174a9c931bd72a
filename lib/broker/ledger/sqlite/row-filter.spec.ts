import fc from 'fast-check';
import { propertyRuns } from '../../../../test/support/property-runs';
import { RowFilter } from './row-filter';
import { openConnection } from './sqlite-driver';

/** A table of rows that are named by two values, with a filter over it. */
class Filtered {
  readonly connection = openConnection(':memory:');
  readonly filter: RowFilter;
  /** What the table has. */
  readonly rows = new Set<number>();
  #onTheirWay: number[] = [];

  constructor(rows: number, maxRows?: number) {
    this.connection.exec('CREATE TABLE things (kind TEXT, id TEXT, PRIMARY KEY (kind, id))');
    this.#insert(Array.from({ length: rows }, (_, i) => i));
    this.filter = new RowFilter(this.connection, 'things', ['kind', 'id'], maxRows);
  }

  send(ids: readonly number[]): void {
    this.#onTheirWay.push(...ids);
    this.filter.add(this.#onTheirWay.map(nameOf));
  }

  written(): void {
    this.#insert(this.#onTheirWay);
    this.#onTheirWay = [];
  }

  delete(id: number): void {
    this.connection.prepare('DELETE FROM things WHERE kind = ? AND id = ?').run(...valuesOf(id));
    this.rows.delete(id);
  }

  mayHave(id: number): boolean {
    return this.filter.mayHave(nameOf(id));
  }

  /** How many of so many rows that are not there it takes for rows that may be. */
  taken(of: number): number {
    let count = 0;
    for (let i = 0; i < of; i++) if (this.mayHave(1_000_000 + i)) count += 1;
    return count;
  }

  #insert(ids: readonly number[]): void {
    const insert = this.connection.prepare('INSERT OR IGNORE INTO things VALUES (?, ?)');
    this.connection.exec('BEGIN');
    for (const id of ids) {
      insert.run(...valuesOf(id));
      this.rows.add(id);
    }
    this.connection.exec('COMMIT');
  }
}

const valuesOf = (id: number): [string, string] => [id % 2 === 0 ? 'even' : 'odd', `id_${id}`];
const nameOf = (id: number): string => valuesOf(id).join('/');

const id = fc.integer({ min: 0, max: 600 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ send: fc.array(id, { maxLength: 40 }) }) },
  { weight: 4, arbitrary: fc.constant({ written: true } as const) },
  { weight: 2, arbitrary: fc.record({ delete: id }) },
  { weight: 6, arbitrary: fc.record({ look: id }) },
);

describe('a filter over a table', () => {
  it('never says of a row that is there that it is not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 900 }),
        fc.array(step, { maxLength: 60 }),
        (rows, maxRows, steps) => {
          const subject = new Filtered(rows, maxRows);
          for (const each of steps) {
            if ('send' in each) subject.send(each.send);
            else if ('written' in each) subject.written();
            else if ('delete' in each) subject.delete(each.delete);
            else subject.mayHave(each.look);
          }
          subject.written();
          // The first of them fill it; what they say then counts.
          for (let round = 0; round < 2; round++) {
            for (const row of subject.rows) expect(subject.mayHave(row)).toBe(true);
          }
        },
      ),
      { numRuns: propertyRuns(200) },
    );
  });

  it('says nothing until it has seen the whole table', () => {
    const subject = new Filtered(300);
    expect([1, 2, 3].map(() => subject.mayHave(1_000_000))).toEqual([true, true, false]);
  });

  it('tells nearly all rows that are not there from those that are', () => {
    const subject = new Filtered(1_000);
    subject.send(Array.from({ length: 100_000 }, (_, i) => i));
    subject.written();
    subject.taken(1_000);
    expect(subject.taken(10_000)).toBeLessThan(100);
  });

  it('forgets rows that have left once it is full', () => {
    const subject = new Filtered(0, 500);
    subject.taken(1);
    subject.send(Array.from({ length: 500 }, (_, i) => i));
    subject.written();
    for (let i = 0; i < 500; i++) subject.delete(i);
    expect(subject.mayHave(7)).toBe(true);
    subject.send([1_000]);
    subject.written();
    expect(subject.mayHave(7)).toBe(false);
    expect(subject.mayHave(1_000)).toBe(true);
  });

  it('is not asked any more where the table has too many rows for it', () => {
    const subject = new Filtered(400, 500);
    subject.taken(10);
    subject.send(Array.from({ length: 200 }, (_, i) => 400 + i));
    subject.written();
    subject.send([1_000]);
    expect(subject.taken(1_000)).toBe(1_000);
  });
});
