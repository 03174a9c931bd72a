import type { MicroUsd } from '../../contract/usd';
import { CallTable } from './call-table';
import { NO_RATES } from './currency';
import type { Rates } from './currency';

/** What an operator says that a call costs. */
export type ConfiguredPrice =
  | { kind: 'free' }
  /** The same for every call, whatever its body says. */
  | { kind: 'flat'; micros: MicroUsd }
  /** What a top-level field of the body says, in its `currency`, or in this one. */
  | { kind: 'field'; field: string; currency?: string };

/**
 * Why a bill may charge more than its lines say: what the vendor or a customer adds after the call.
 * The names are Stripe's.
 */
export type AddedLater =
  | 'automatic_tax'
  | 'adjustable_quantity'
  | 'custom_unit_amount'
  | 'optional_items'
  | 'shipping_options'
  | 'metered';

export const ADDED_LATER: readonly AddedLater[] = [
  'automatic_tax',
  'adjustable_quantity',
  'custom_unit_amount',
  'optional_items',
  'shipping_options',
  'metered',
];

/** How bills are priced: what stands in a vendor's prices, subscriptions, invoices, quotes. */
export interface DocumentSettings {
  /** Whether what charges again by itself is allowed, with its first period held. */
  firstPeriod: boolean;
  /** The most that may be added to one bill, by why. What is not here may not be added. */
  maxAdded: ReadonlyMap<AddedLater, MicroUsd>;
}

export const NO_DOCUMENT_SETTINGS: DocumentSettings = { firstPeriod: false, maxAdded: new Map() };

/** All that an operator adds to the prices a vendor's file knows. */
export interface ConfiguredPrices {
  rates: Rates;
  /** By method and path below the vendor's prefix. */
  calls: CallTable<ConfiguredPrice>;
  /**
   * Whether a browser confirms payments: a decline that leaves one open keeps its hold.
   *
   * @default false
   */
  clientConfirmation?: boolean;
  /** By default nothing may be added later, and nothing may charge again by itself. */
  documents?: DocumentSettings;
  /**
   * Whether the account's secret moves test money alone.
   *
   * @default false
   */
  isTestMode?: boolean;
  /**
   * Where the operator's settings for the account are, for messages: `vendors.stripe`.
   *
   * @default `vendors` and the vendor's name
   */
  settingsPath?: string;
}

export const NO_CONFIGURED_PRICES: ConfiguredPrices = {
  rates: NO_RATES,
  calls: new CallTable<ConfiguredPrice>([]),
};
