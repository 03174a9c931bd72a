import type { AuditChain } from '../../audit/audit-chain';
import type { AuditSegment } from '../../audit/audit-segment';
import { SegmentList } from '../../audit/segment-list';
import type { SealedSegment } from '../../audit/segment-list';
import type { LoadedLog } from './loaded-rows';

/** How many rows of the log are deleted in one batch. */
const GONE_ROWS = 1_000;

/** How the audit log is cut, as a batch sees and changes it. */
export class BookLog {
  #segments: readonly SealedSegment[];
  readonly #changed = new Map<number, SealedSegment>();
  #goneTo: number | undefined;

  constructor(
    private readonly loaded: LoadedLog,
    private readonly chain: AuditChain,
  ) {
    this.#segments = loaded.segments;
  }

  /** Those that the batch has made or changed. */
  get changed(): readonly SealedSegment[] {
    return [...this.#changed.values()];
  }

  /** The last row that the batch deletes; `undefined` where it deletes none. */
  get goneTo(): number | undefined {
    return this.#goneTo;
  }

  get segments(): readonly AuditSegment[] {
    return this.#list.all;
  }

  /** When the first row came to be that no segment has. */
  get openSince(): string | undefined {
    return this.#changed.size === 0 || this.#list.lastRow < this.loaded.head.count
      ? this.loaded.since
      : undefined;
  }

  cut(now: number): AuditSegment {
    const segment = this.#list.cut(this.loaded.head, now);
    this.#set(segment);
    return segment;
  }

  put(segment: AuditSegment): void {
    this.#set(this.#list.sealed(segment));
  }

  /** Deletes some rows of segments that have left. Returns whether there were any. */
  forgetRows(): boolean {
    const last = this.#list.base?.count ?? 0;
    const { oldest } = this.loaded;
    if (oldest === undefined || oldest > last) return false;
    this.#goneTo = Math.min(last, oldest + GONE_ROWS - 1);
    return true;
  }

  get #list(): SegmentList {
    return new SegmentList(this.#segments, this.chain);
  }

  #set(segment: SealedSegment): void {
    this.#changed.set(segment.last, segment);
    const others = this.#segments.filter(({ last }) => last !== segment.last);
    this.#segments = [...others, segment].sort((one, other) => one.last - other.last);
  }
}
