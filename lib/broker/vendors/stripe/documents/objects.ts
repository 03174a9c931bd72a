import { isRecord } from '../../../../contract/is-record';
import { amountUnknown } from '../../../pricing/amount';
import type { BrokerRefusal } from '../../../refusal';
import type { VendorLookup } from '../../vendor-lookup';
import { prefixesOf } from '../object-kinds';
import { isId, textIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { decimalOf } from './decimal';
import type { Decimal } from './decimal';

/** More items than one page has are not priced. */
const PAGE = 100;

/** The objects that one call is priced by, each asked for once. */
export class Objects {
  readonly #asked = new Map<string, Promise<VendorObject>>();

  constructor(private readonly lookup: VendorLookup) {}

  /**
   * @param expand What is shown in full.
   * @throws BrokerRefusal where the id is invalid, or the vendor does not show the object.
   */
  async get(resource: string, id: string, expand: readonly string[] = []): Promise<VendorObject> {
    const prefixes = prefixesOf(resource);
    if (!isId(id) || !prefixes.some((prefix) => id.startsWith(prefix))) {
      throw amountUnknown(
        `"${id.slice(0, 64)}" is no id that the broker looks up: one of ${resource} begins with ${prefixes.join(' or ')}.`,
      );
    }
    const object = await this.#ask(`${resource}/${id}`, expand);
    if (object['id'] !== id) throw strange(resource, 'id');
    return object;
  }

  /**
   * All objects of a list.
   *
   * @throws BrokerRefusal where they are more than one page has.
   */
  async list(
    resource: string,
    filter: Readonly<Record<string, string>>,
    expand: readonly string[] = [],
  ): Promise<VendorObject[]> {
    const query = Object.entries({ ...filter, limit: String(PAGE) });
    for (const [, value] of query) if (!isId(value)) throw strange(resource, 'id');
    const text = query.map(([name, value]) => `${name}=${value}`).join('&');
    const found = await this.#ask(`${resource}?${text}`, expand);
    if (found['has_more'] !== false) {
      throw amountUnknown(
        `There are more than ${PAGE} ${resource}, so the call cannot be priced by them.`,
      );
    }
    return objectsIn(found, 'data');
  }

  #ask(path: string, expand: readonly string[]): Promise<VendorObject> {
    const query = expand.map((name) => `expand[]=${name}`).join('&');
    const full = query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    const asked = this.#asked.get(full);
    if (asked !== undefined) return asked;
    const answer = this.lookup.get(full);
    this.#asked.set(full, answer);
    return answer;
  }
}

/** The refusal of an object that is not as Stripe's reference says. */
export function strange(what: string, field: string): BrokerRefusal {
  return amountUnknown(
    `The vendor shows ${what} without a ${field} that the broker can read, so the call cannot be priced.`,
  );
}

/** The objects of a list nested in another; none where it is `null`. */
export function objectsIn(object: VendorObject, field: string): VendorObject[] {
  const value = object[field];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isRecord)) throw strange('a list', field);
  return value;
}

/** A whole number of minor units; below 0 for a credit. */
export function amountIn(object: VendorObject, field: string): bigint | undefined {
  const value = object[field];
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** A number that Stripe shows as digits or, of late, as a text. */
export function decimalIn(object: VendorObject, field: string): Decimal | undefined {
  const value = object[field];
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  const exact = decimalOf(text);
  if (exact === undefined) throw strange('a number', field);
  return exact;
}

export function currencyIn(object: VendorObject, what: string): string {
  const currency = textIn(object, 'currency');
  if (currency === undefined) throw strange(what, 'currency');
  return currency.toLowerCase();
}
