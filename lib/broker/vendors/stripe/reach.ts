import type { CallReach, NamedDestinations, ReachedObject } from '../../limits/call-reach';
import { nameOf } from '../../pricing/parameters';
import type { PriceableCall } from '../../pricing/price';
import { BrokerRefusal } from '../../refusal';
import type { KnownOwners } from '../known-owners';
import type { VendorLookup } from '../vendor-lookup';
import { isDestination, namesOf } from './named-objects';
import type { NamedObject } from './named-objects';
import { isCustomerId, kindOf } from './object-kinds';
import type { ObjectKind } from './object-kinds';
import { idIn } from './vendor-object';

/** How many objects may lead from one to its customer: a mandate, its payment method. */
const MAX_STEPS = 3;
const UNTOLD = 'names what the broker cannot tell the customer of';

/** Calls that send money out of the account. */
const PAYOUTS: ReadonlySet<string> = new Set([
  'payouts',
  'transfers',
  'treasury/outbound_payments',
  'treasury/outbound_transfers',
]);

/** Where a call sends money. */
export function destinationsOf({ method, segments, parameters }: PriceableCall): NamedDestinations {
  if (method === 'GET') return { isPayout: false, destinations: [] };
  const named = parameters.filter(({ value, path }) => value !== '' && path[0] !== 'metadata');
  const untold = named.find(({ path }) => path.includes('destination_payment_method_data'));
  return {
    isPayout: method === 'POST' && PAYOUTS.has(segments.join('/')),
    destinations: named
      .filter(isDestination)
      .map(({ path, value }) => ({ parameter: nameOf(path), id: value })),
    ...(untold === undefined ? {} : { untold: nameOf(untold.path) }),
  };
}

/** Whom a call reaches. Each object whose customer is not known is asked for once. */
export async function reachOf(
  call: PriceableCall,
  query: string | undefined,
  lookup: VendorLookup,
  owners: KnownOwners,
): Promise<CallReach> {
  const { objects, destinations, isFiltered, isReadable } = namesOf(call, query);
  const customers = new CustomersOf(lookup, owners);
  const reached: ReachedObject[] = isReadable
    ? []
    : [{ parameter: 'query', fault: 'cannot be read in one way only' }];
  for (const object of objects) reached.push(await customers.reachedBy(object));
  return { objects: reached, destinations, isFiltered };
}

/** Finds out which customers the objects of one call belong to. */
class CustomersOf {
  readonly #asked = new Map<string, Promise<string | undefined>>();

  constructor(
    private readonly lookup: VendorLookup,
    private readonly owners: KnownOwners,
  ) {}

  async reachedBy({ id, parameter, collection }: NamedObject): Promise<ReachedObject> {
    const where = parameter === undefined ? {} : { parameter };
    if (isCustomerId(id) && (collection === undefined || collection === 'customers')) {
      return { ...where, customer: id };
    }
    const kind = kindOf(id);
    if (kind === undefined || (collection !== undefined && collection !== kind.collection)) {
      return { ...where, fault: UNTOLD };
    }
    try {
      const customer = await this.#of(id, kind, 1);
      return { ...where, ...(customer === undefined ? {} : { customer }) };
    } catch (error) {
      if (!(error instanceof BrokerRefusal) || error.code !== 'amount_unknown') throw error;
      const why = error.message.replace(/\.$/, '');
      return { ...where, fault: `names what the broker could not look up (${why})` };
    }
  }

  /** The customer of an object; `undefined` where it has none. */
  #of(id: string, kind: ObjectKind, step: number): Promise<string | undefined> {
    const known = this.#asked.get(id);
    if (known !== undefined) return known;
    const asked = this.#ask(id, kind, step);
    this.#asked.set(id, asked);
    return asked;
  }

  async #ask(id: string, kind: ObjectKind, step: number): Promise<string | undefined> {
    const known = this.owners.get(id);
    if (known !== undefined) return known;
    const found = await this.lookup.get(`${kind.collection}/${id}`);
    // For a test token such as `pm_card_visa` Stripe shows an object with another id. It has no customer.
    if (found['id'] !== id) return undefined;
    const customer = customerIn(found) ?? (await this.#led(found, kind, step));
    if (customer !== undefined && isFixed(found, kind)) this.owners.keep(id, customer);
    return customer;
  }

  async #led(
    found: Record<string, unknown>,
    { leads = [] }: ObjectKind,
    step: number,
  ): Promise<string | undefined> {
    const id = leads.map((field) => idIn(found, field)).find((each) => each !== undefined);
    const kind = id === undefined ? undefined : kindOf(id);
    if (id === undefined || kind === undefined || step === MAX_STEPS) return undefined;
    return this.#of(id, kind, step + 1);
  }
}

function customerIn(found: Record<string, unknown>): string | undefined {
  const id = idIn(found, 'customer');
  return id !== undefined && isCustomerId(id) ? id : undefined;
}

function isFixed({ status }: Record<string, unknown>, { fixed }: ObjectKind): boolean {
  return (
    fixed === 'always' ||
    (fixed === 'at its end' && (status === 'succeeded' || status === 'canceled'))
  );
}
