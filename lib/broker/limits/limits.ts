import type { MicroUsd } from '../../contract/usd';

/** What calls under a key or a budget must keep to beside its cap; what is absent limits nothing. */
export interface Limits {
  /** What one call may make its object cost at most. */
  perCallMicros?: MicroUsd;
  /** What one call may make its object cost without an approval. */
  approveAboveMicros?: MicroUsd;
  /** Calls other than GET that may be admitted within any 60 seconds. */
  callsPerMinute?: number;
  /** The vendor's customers that calls may reach. */
  customers?: readonly string[];
  /** Where payouts and transfers may go. */
  destinations?: readonly string[];
  /** Three-letter codes, in whatever case they were given. */
  currencies?: readonly string[];
}
