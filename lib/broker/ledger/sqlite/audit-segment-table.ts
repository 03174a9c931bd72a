import type { AuditBase, AuditChain, AuditHead } from '../../audit/audit-chain';
import { baseOf } from '../../audit/audit-segment';
import type { AuditSegment } from '../../audit/audit-segment';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { changing, fixed, key } from '../tables/table-form';
import { WholeTable } from './whole-table';
import type { OrderedForm } from '../tables/table-form';

interface SealedSegment extends AuditSegment {
  /** What vouches for its three instants: without it, a hand in the file could have rows leave. */
  marksSeal: string;
}

const SEGMENTS: OrderedForm<SealedSegment> = {
  table: 'audit_segments',
  columns: [
    key('last', ({ last }) => last),
    fixed('first', ({ first }) => first),
    fixed('previous_head', ({ previousHead }) => previousHead),
    fixed('head', ({ head }) => head),
    fixed('seal', ({ seal }) => seal),
    fixed('sealed_at', ({ sealedAt }) => sealedAt),
    changing('exported_at', ({ exportedAt }) => exportedAt),
    changing('left_at', ({ leftAt }) => leftAt),
    changing('marks_seal', ({ marksSeal }) => marksSeal),
  ],
  keyOf: ({ last }) => String(last),
  rowOf: (found) => ({
    first: found['first'] as number,
    last: found['last'] as number,
    previousHead: found['previous_head'] as string,
    head: found['head'] as string,
    seal: found['seal'] as string,
    sealedAt: found['sealed_at'] as number,
    exportedAt: found['exported_at'] as number | null,
    leftAt: found['left_at'] as number | null,
    marksSeal: found['marks_seal'] as string,
  }),
  compare: (one, other) => one.last - other.last,
};

/** What the audit log was cut into. They are few, one a day as a rule, and all in memory. */
export class AuditSegmentTable {
  readonly table: WholeTable<SealedSegment>;
  /** The last rows of segments whose instants are not what was written. */
  #forged: ReadonlySet<number>;

  constructor(
    connection: SqliteConnection,
    writes: PendingWrites,
    private readonly chain: AuditChain,
  ) {
    this.table = new WholeTable(connection, writes, SEGMENTS);
    const forged = this.table.all.filter((each) => chain.sealMarks(each) !== each.marksSeal);
    this.#forged = new Set(forged.map(({ last }) => last));
  }

  /** The oldest first. One whose instants are forged counts as never exported. */
  get all(): readonly AuditSegment[] {
    if (this.#forged.size === 0) return this.table.all;
    return this.table.all.map((segment) =>
      this.#forged.has(segment.last)
        ? { ...segment, exportedAt: null, leftAt: null, isForged: true }
        : segment,
    );
  }

  /** The last row that a segment has. */
  get lastRow(): number {
    return this.table.all.at(-1)?.last ?? 0;
  }

  /** Makes a segment of the rows up to a head that no segment has. */
  cut({ count, mac }: AuditHead, sealedAt: number): AuditSegment {
    const before = this.table.all.at(-1);
    const bounds = {
      first: (before?.last ?? 0) + 1,
      last: count,
      previousHead: before?.head ?? '',
      head: mac,
    };
    const seal = this.chain.sealSegment(bounds);
    const segment = { ...bounds, seal, sealedAt, exportedAt: null, leftAt: null };
    this.put(segment);
    return segment;
  }

  put(segment: AuditSegment): void {
    this.table.put({ ...segment, marksSeal: this.chain.sealMarks(segment) });
  }

  /** Vouches for what is noted of all segments: the log has another key from now on, as an operator wanted. */
  reseal(): void {
    this.#forged = new Set();
    for (const segment of this.table.all) this.put(segment);
  }

  /** Where the chain begins; `undefined` where it begins with the first row. */
  get base(): AuditBase | undefined {
    return baseOf(this.all);
  }

  /** What is wrong with what the table says, if anything is. */
  fault(): { seq: number; reason: string } | undefined {
    let [last, head] = [0, ''];
    for (const segment of this.table.all) {
      const isNext = segment.first === last + 1 && segment.previousHead === head;
      const isSealed = this.chain.sealSegment(segment) === segment.seal;
      if (!isNext || !isSealed || this.#forged.has(segment.last)) {
        const { first } = segment;
        return { seq: first, reason: `the segment of row ${first} is not what was written` };
      }
      ({ last, head } = segment);
    }
    return undefined;
  }
}
