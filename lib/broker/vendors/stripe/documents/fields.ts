import { amountUnknown, invalidAmount } from '../../../pricing/amount';
import { nameOf } from '../../../pricing/parameters';
import type { Parameter } from '../../../pricing/parameters';
import { decimalOf } from './decimal';
import type { Decimal } from './decimal';

type Place = string | Map<string, Place>;

/** What is nested in a body below one name, read so that no two readers could read it differently. */
export class Fields {
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(
    readonly path: readonly string[],
    places: ReadonlyMap<string, Place>,
  ) {
    this.#places = places;
  }

  static of(parameters: readonly Parameter[]): Fields {
    const root = new Map<string, Place>();
    let appended = 0;
    for (const { path, value } of parameters) {
      let places = root;
      for (const [depth, part] of path.entries()) {
        // Items of `a[]` are kept apart, each under a name that none is given by.
        const name = part === '' ? `+${appended++}` : part;
        if (depth === path.length - 1) {
          places.set(name, value);
          break;
        }
        const inner = places.get(name);
        if (inner instanceof Map) {
          places = inner;
        } else {
          const next = new Map<string, Place>();
          places.set(name, next);
          places = next;
        }
      }
    }
    return new Fields([], root);
  }

  /** The name of a field as the body has it: `line_items[0][price]`. */
  nameOf(field: string): string {
    return nameOf([...this.path, field]);
  }

  has(field: string): boolean {
    return this.#places.has(field);
  }

  /** The names that are given. */
  names(): string[] {
    return [...this.#places.keys()];
  }

  /** @throws BrokerRefusal `invalid_amount` where it is no plain value. */
  text(field: string): string | undefined {
    const place = this.#places.get(field);
    if (place instanceof Map) throw this.#invalid(field, 'must be a plain value');
    return place;
  }

  /** Whether a field that is `true` or `false` is `true`. */
  flag(field: string): boolean {
    const value = this.text(field);
    if (value === undefined || value === 'false') return false;
    if (value === 'true') return true;
    throw this.#invalid(field, 'must be true or false');
  }

  /** A count: plain digits. */
  count(field: string): bigint | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    if (!/^(?:0|[1-9]\d{0,8})$/.test(value)) throw this.#invalid(field, 'must be plain digits');
    return BigInt(value);
  }

  /** A number in plain digits, with up to 12 decimals where it may have any. */
  decimal(field: string, form: { decimals?: boolean } = {}): Decimal | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    const isPlain = form.decimals === true || !value.includes('.');
    const number = /^-?0\d/.test(value) || !isPlain ? undefined : decimalOf(value);
    if (number !== undefined) return number;
    const digits = form.decimals === true ? 'digits with at most 12 decimals' : 'plain digits';
    throw this.#invalid(field, `must be ${digits}`);
  }

  /** Whether an empty value takes away what the vendor has under a name. */
  isCleared(field: string): boolean {
    return this.#places.get(field) === '';
  }

  /**
   * What is nested below a field; `undefined` where it is absent.
   *
   * @throws BrokerRefusal `amount_unknown` where it is cleared: that is no absence, which would leave
   * what the vendor has as it is.
   */
  map(field: string): Fields | undefined {
    const place = this.#places.get(field);
    if (place === undefined) return undefined;
    if (place === '') {
      const name = this.nameOf(field).slice(0, 64);
      throw amountUnknown(
        `${name} is empty, which takes away what the vendor has there, so the call cannot be priced. Leave ${name} out, or name what it shall be.`,
      );
    }
    if (!(place instanceof Map)) throw this.#invalid(field, 'must be a map');
    return new Fields([...this.path, field], place);
  }

  /** The items of a list of maps. */
  list(field: string): Fields[] {
    const items = this.map(field);
    if (items === undefined) return [];
    return items.names().map((index) => {
      // Which fields make one item would be each reader's guess.
      if (!/^(?:0|[1-9]\d{0,3})$/.test(index)) {
        throw this.#invalid(field, 'must be a list whose items are numbered from 0');
      }
      const item = items.isCleared(index) ? undefined : items.map(index);
      if (item === undefined) throw this.#invalid(field, 'has an empty item');
      return item;
    });
  }

  /**
   * The items of a list, of which those that are there already are named by their ids.
   *
   * @throws BrokerRefusal `invalid_amount` where two have one id: which of them counts is the vendor's.
   */
  listById(field: string): Fields[] {
    const items = this.list(field);
    const named = items.map((item) => item.text('id')).filter((id) => id !== undefined);
    if (new Set(named).size < named.length) throw this.#invalid(field, 'must name each id once');
    return items;
  }

  /** The items of a list of plain values. */
  texts(field: string): string[] {
    const items = this.map(field);
    if (items === undefined) return [];
    return items.names().map((index) => items.text(index) ?? '');
  }

  #invalid(field: string, fault: string) {
    const name = this.nameOf(field).slice(0, 64);
    return invalidAmount(name, `${name} ${fault}, so that the call can be priced.`);
  }
}
