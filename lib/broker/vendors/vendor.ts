import type { ConfiguredPrices } from '../pricing/configured-prices';
import type { Parameter } from '../pricing/parameters';
import type { CallReach, NamedDestinations } from '../limits/call-reach';
import type { KnownOwners } from './known-owners';
import type { VendorLookup } from './vendor-lookup';
import type { FoundObject, ObjectPrice, Outcome, Price, PriceableCall } from '../pricing/price';

/** One place in an answer that shows the secret of a payment. */
export interface ShownSecret {
  /** The payment's id. */
  id: string;
  /** What the answer says of the payment, minor units. */
  amount?: number;
  currency?: string;
  /** Takes the secret out of the answer. */
  remove(): void;
}

/** Where a vendor's answers show what confirms a payment without the broker. */
export interface VendorSecrets {
  /** Whether the answer to a call may show other payments than the one that the call makes. */
  mayShow(
    method: string,
    segments: readonly string[],
    query: string | undefined,
    parameters: readonly Parameter[],
  ): boolean;
  /** An error's text without what it shows of the broker's secret key. */
  withoutKeyTails(text: string): string;
  /** Whether a text that is no valid JSON shows one. */
  inText(text: string): boolean;
  /** Those of payments, wherever they are: in a list, an event, an expanded object. */
  shown(body: unknown): ShownSecret[];
  /** Whether a parameter of a call is a secret, which nobody is shown. */
  isParameter(parameter: Parameter): boolean;
  /** All of them, whatever they belong to. */
  all(body: unknown): Pick<ShownSecret, 'remove'>[];
}

/** How the objects are read that calls are priced by, where the ledger does not know them. */
export interface VendorObjects {
  /**
   * Where the object of a call is read, below the prefix; `undefined` where the call names none that can
   * be the vendor's.
   */
  pathOf(call: PriceableCall, price: ObjectPrice): string | undefined;
  /**
   * What the vendor says of the object of a call.
   *
   * @throws BrokerRefusal `amount_unknown` where that does not tell what the call costs.
   */
  find(call: PriceableCall, price: ObjectPrice, lookup: VendorLookup): Promise<FoundObject>;
  /** Where an object is read, below the prefix, by its id alone; `undefined` where that does not tell. */
  pathOfId(id: string): string | undefined;
  /** What a person is shown of an object: whether money has moved, and no secret. */
  shown(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

/** All that the broker knows of one vendor. A vendor is one object of this form, in one file. */
export interface Vendor {
  readonly name: string;
  /** Where its API lives unless the configuration says otherwise. */
  readonly defaultBaseUrl: string;
  /** Every target and pattern lies below it. */
  readonly pathPrefix: string;
  /** The calls it prices itself, by method and path below the prefix; no configuration changes them. */
  readonly pricedCalls: readonly string[];
  readonly secrets: VendorSecrets;
  readonly objects: VendorObjects;
  /** Whether a secret moves test money alone. */
  isTestSecret(secret: string): boolean;
  /** The `Authorization` header that carries the account's secret. */
  authorization(secret: string): string;
  /**
   * The version of its API that a call is forwarded with.
   *
   * @param given What the call's version headers say, in whatever spelling.
   * @throws BrokerRefusal `version_not_supported`.
   */
  apiVersion(given: readonly string[]): string;
  /** Whether a code in lower case is a currency it takes. */
  isCurrency(code: string): boolean;
  /** A body's parameters in the one spelling in which they are both priced and forwarded. */
  canonical(parameters: readonly Parameter[]): readonly Parameter[];
  /**
   * Refuses a call whose answer would show what pays without the broker.
   *
   * @param query Of the target; the body may ask for the same.
   * @throws BrokerRefusal `parameter_not_allowed`.
   */
  checkExpansion(query: string | undefined, parameters: readonly Parameter[]): void;
  /**
   * What a call costs.
   *
   * @param configured What the operator adds; nothing by default.
   * @throws BrokerRefusal where the price cannot be told.
   */
  price(call: PriceableCall, configured?: ConfiguredPrices): Price;
  /**
   * What a call costs whose price stands in objects of the vendor's: prices, invoices, a quote.
   * `undefined` for a call that {@link Vendor.price} prices by its body alone.
   *
   * @throws BrokerRefusal where the price cannot be told.
   */
  priceByObjects?(
    call: PriceableCall,
    configured: ConfiguredPrices,
    lookup: VendorLookup,
  ): Promise<Price> | undefined;
  /** Where a call sends money, as far as its parameters say. */
  destinationsOf(call: PriceableCall): NamedDestinations;
  /**
   * Whom a call reaches: the customers that all objects belong to which it names.
   *
   * @param query Of the target.
   * @param owners What is known of objects whose customer can change no more; takes what is found out.
   * @throws BrokerRefusal where nothing can be looked up now. Of what cannot be told the reach says why.
   */
  reachOf(
    call: PriceableCall,
    query: string | undefined,
    lookup: VendorLookup,
    owners: KnownOwners,
  ): Promise<CallReach>;
  /**
   * The permission that a secret lacks which may not read an object, as the vendor names it.
   *
   * @param path Of the object, below the prefix: `prices/price_1`.
   * @param body Of the answer, parsed; `undefined` where it is no JSON.
   */
  readPermission(path: string, body: unknown): string;
  /**
   * What the answer means for the hold.
   *
   * @param body The parsed JSON body; `undefined` where it was cut short, too large or no JSON.
   */
  outcome(
    price: Price,
    call: PriceableCall,
    status: number,
    body: unknown,
    configured?: ConfiguredPrices,
  ): Outcome;
}
