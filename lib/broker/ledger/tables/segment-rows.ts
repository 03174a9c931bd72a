import type { SealedSegment } from '../../audit/segment-list';
import { changing, fixed, key } from './table-form';
import type { OrderedForm } from './table-form';

export const SEGMENTS: OrderedForm<SealedSegment> = {
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
