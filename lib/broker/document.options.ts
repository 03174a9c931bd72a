import { isRecord } from '../contract/is-record';
import { isUsd, unknownKeys } from './option-faults';
import type { FaultSink } from './option-faults';
import { ADDED_LATER } from './pricing/configured-prices';
import type { AddedLater, DocumentSettings } from './pricing/configured-prices';
import { microsAt, rateOf } from './pricing/currency';

const MAX_ADDED_USD = 1_000_000;

/** How what stands in a vendor's prices, subscriptions, invoices and quotes is priced. */
export interface DocumentOptions {
  /**
   * Allows what charges again by itself: subscriptions, and whatever makes one. Their first period is
   * held. What later periods charge is not held, and no cap stops it.
   *
   * @default such calls are refused
   */
  recurring?: 'first-period';
  /**
   * US dollars that may be added to one bill after the call, by why, tax included; up to 6 decimals.
   * Where the call or the vendor's objects say the most that it can be, that is held, and is refused
   * where it is more; otherwise this much is held. What is not named here is refused.
   *
   * @example { automatic_tax: 50, adjustable_quantity: 200 }
   */
  maxAddedUsd?: Readonly<Partial<Record<AddedLater, number>>>;
}

/** Finds everything wrong with such options. */
export function documentFaults(options: unknown, path: string, fault: FaultSink): void {
  if (!isRecord(options)) return fault(path, 'must be an object');
  unknownKeys(options, ['recurring', 'maxAddedUsd'], path, fault);
  const { recurring, maxAddedUsd } = options;
  if (recurring !== undefined && recurring !== 'first-period') {
    fault(`${path}.recurring`, 'must be "first-period", or absent: then what recurs is refused');
  }
  if (maxAddedUsd === undefined) return;
  if (!isRecord(maxAddedUsd))
    return fault(`${path}.maxAddedUsd`, 'must be an object of US dollars');
  unknownKeys(maxAddedUsd, ADDED_LATER, `${path}.maxAddedUsd`, fault);
  for (const why of ADDED_LATER) {
    const usd = maxAddedUsd[why];
    if (usd === undefined || isUsd(usd, MAX_ADDED_USD)) continue;
    fault(
      `${path}.maxAddedUsd.${why}`,
      `must be a number of US dollars above 0, up to ${MAX_ADDED_USD}, with at most 6 decimals`,
    );
  }
}

/** What such options come to, already checked with {@link documentFaults}. */
export function documentSettings({
  recurring,
  maxAddedUsd = {},
}: DocumentOptions = {}): DocumentSettings {
  return {
    firstPeriod: recurring === 'first-period',
    maxAdded: new Map(
      ADDED_LATER.flatMap((why) => {
        const rate = rateOf(maxAddedUsd[why] ?? 0);
        return rate === undefined ? [] : [[why, microsAt(rate, 1, 0)] as const];
      }),
    ),
  };
}
