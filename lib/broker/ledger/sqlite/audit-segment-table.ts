import type { AuditBase, AuditChain, AuditHead } from '../../audit/audit-chain';
import type { AuditSegment } from '../../audit/audit-segment';
import { SegmentList } from '../../audit/segment-list';
import type { SealedSegment } from '../../audit/segment-list';
import { SEGMENTS } from '../tables/segment-rows';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { WholeTable } from './whole-table';

/** What the audit log was cut into. They are few, one a day as a rule, and all in memory. */
export class AuditSegmentTable {
  readonly table: WholeTable<SealedSegment>;
  /** Of the rows of the table as they were when it was made. */
  #list: { of: readonly SealedSegment[]; list: SegmentList } | undefined;

  constructor(
    connection: SqliteConnection,
    writes: PendingWrites,
    private readonly chain: AuditChain,
  ) {
    this.table = new WholeTable(connection, writes, SEGMENTS);
  }

  /** The oldest first. One whose instants are forged counts as never exported. */
  get all(): readonly AuditSegment[] {
    return this.#segments.all;
  }

  /** The last row that a segment has. */
  get lastRow(): number {
    return this.#segments.lastRow;
  }

  /** Makes a segment of the rows up to a head that no segment has. */
  cut(head: AuditHead, sealedAt: number): AuditSegment {
    const segment = this.#segments.cut(head, sealedAt);
    this.table.put(segment);
    return segment;
  }

  put(segment: AuditSegment): void {
    this.table.put(this.#segments.sealed(segment));
  }

  /** Vouches for what is noted of all segments: the log has another key from now on, as an operator wanted. */
  reseal(): void {
    for (const segment of this.table.all) this.put(segment);
  }

  /** Where the chain begins; `undefined` where it begins with the first row. */
  get base(): AuditBase | undefined {
    return this.#segments.base;
  }

  /** What is wrong with what the table says, if anything is. */
  fault(): { seq: number; reason: string } | undefined {
    return this.#segments.fault();
  }

  get #segments(): SegmentList {
    const { all } = this.table;
    if (this.#list?.of !== all) this.#list = { of: all, list: new SegmentList(all, this.chain) };
    return this.#list.list;
  }
}
