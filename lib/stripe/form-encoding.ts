import { CallRefusedException } from '../exceptions/call-refused.exception';

/**
 * A parameter of a vendor call. `null` clears the field at the vendor, `undefined` leaves it out.
 */
export type VendorParam =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly VendorParam[]
  | { readonly [name: string]: VendorParam };

/** The parameters of a vendor call, by name. */
export interface VendorParams {
  readonly [name: string]: VendorParam;
}

const MAX_LEVELS = 8;

/**
 * Parameters in the form Stripe reads: `amount=500&metadata[order]=o_1&expand[0]=customer`. A value
 * that has no one way to be written is refused and named, since a guess could be another sum.
 *
 * @throws CallRefusedException `invalid_request`, with the parameter's name.
 */
export function encodeForm(params: VendorParams): string {
  const pairs: string[] = [];
  if (!isPlainObject(params))
    throw CallRefusedException.forArgument('params', 'must be a plain object');
  for (const [name, value] of Object.entries(params)) write(pairs, nameOf(name, name), value, 1);
  return pairs.join('&');
}

function write(pairs: string[], name: string, value: unknown, level: number): void {
  if (value === undefined) return;
  if (level > MAX_LEVELS)
    throw CallRefusedException.forArgument(name, `is nested deeper than ${MAX_LEVELS} levels`);
  if (Array.isArray(value)) {
    value.forEach((item: unknown, i) => {
      if (item === undefined)
        throw CallRefusedException.forArgument(`${name}[${i}]`, 'must not be undefined');
      write(pairs, `${name}[${i}]`, item, level + 1);
    });
  } else if (isPlainObject(value)) {
    for (const [inner, item] of Object.entries(value)) {
      write(pairs, `${name}[${nameOf(inner, `${name}[${inner}]`)}]`, item, level + 1);
    }
  } else {
    pairs.push(`${encodeName(name)}=${encodeURIComponent(textOf(name, value))}`);
  }
}

function textOf(name: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed())
        throw CallRefusedException.forArgument(name, 'must be well-formed Unicode');
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return numberText(name, value);
    default:
      if (value === null) return '';
      if (value instanceof Date) {
        throw CallRefusedException.forArgument(
          name,
          'is a Date: give seconds since 1970 as a whole number instead',
        );
      }
      throw CallRefusedException.forArgument(
        name,
        'must be a string, number, boolean, array, plain object or null',
      );
  }
}

function numberText(name: string, value: number): string {
  const text = String(value);
  if (!Number.isFinite(value))
    throw CallRefusedException.forArgument(name, 'must be a finite number');
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw CallRefusedException.forArgument(
      name,
      'is a whole number too large to be exact: give it as a bigint or a string',
    );
  }
  if (text.includes('e'))
    throw CallRefusedException.forArgument(name, 'is too small to be written in plain digits');
  return text;
}

function nameOf(name: string, whole: string): string {
  if (name === '' || /[[\]]/.test(name) || !name.isWellFormed()) {
    throw CallRefusedException.forArgument(
      whole.slice(0, 100),
      'must have a name without square brackets',
    );
  }
  return name;
}

function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('%5B', '[').replaceAll('%5D', ']');
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
