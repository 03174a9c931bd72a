import type { AuditBase, AuditChain, AuditHead } from './audit-chain';
import { baseOf } from './audit-segment';
import type { AuditSegment } from './audit-segment';

/** A segment as it is stored. */
export interface SealedSegment extends AuditSegment {
  /** What vouches for its three instants: without it, a hand in the store could have rows leave. */
  marksSeal: string;
}

/** The segments that an audit log was cut into, as a store has them: the oldest first. */
export class SegmentList {
  /** The last rows of segments whose instants are not what was written. */
  readonly #forged: ReadonlySet<number>;

  constructor(
    private readonly stored: readonly SealedSegment[],
    private readonly chain: AuditChain,
  ) {
    const forged = stored.filter((each) => chain.sealMarks(each) !== each.marksSeal);
    this.#forged = new Set(forged.map(({ last }) => last));
  }

  /** One whose instants are forged counts as never exported. */
  get all(): readonly AuditSegment[] {
    if (this.#forged.size === 0) return this.stored;
    return this.stored.map((segment) =>
      this.#forged.has(segment.last)
        ? { ...segment, exportedAt: null, leftAt: null, isForged: true }
        : segment,
    );
  }

  /** The last row that a segment has. */
  get lastRow(): number {
    return this.stored.at(-1)?.last ?? 0;
  }

  /** Where the chain begins; `undefined` where it begins with the first row. */
  get base(): AuditBase | undefined {
    return baseOf(this.all);
  }

  /** A segment of the rows up to a head that no segment has. */
  cut({ count, mac }: AuditHead, sealedAt: number): SealedSegment {
    const before = this.stored.at(-1);
    const bounds = {
      first: (before?.last ?? 0) + 1,
      last: count,
      previousHead: before?.head ?? '',
      head: mac,
    };
    const seal = this.chain.sealSegment(bounds);
    return this.sealed({ ...bounds, seal, sealedAt, exportedAt: null, leftAt: null });
  }

  /** A segment as it is to be stored. */
  sealed(segment: AuditSegment): SealedSegment {
    return { ...segment, marksSeal: this.chain.sealMarks(segment) };
  }

  /** What is wrong with what the store says, if anything is. */
  fault(): { seq: number; reason: string } | undefined {
    let [last, head] = [0, ''];
    for (const segment of this.stored) {
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
