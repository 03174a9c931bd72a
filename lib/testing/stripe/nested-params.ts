import { integer, invalidHash, optional, readParams, text, allUnmodelled } from './param-rules';
import type { ParamRule, ParamRules, Params } from './param-rules';
import { StripeError } from './stripe-error';

/** A nested object whose fields have rules of their own. */
export function object<Rules extends ParamRules>(rules: Rules): ParamRule<Params<Rules>, false> {
  return optional((value, name) => {
    if (typeof value === 'string' || Array.isArray(value)) throw invalidHash(name);
    return readParams(rules, value, name);
  });
}

/** A list, each entry read by one rule. An empty value is an empty list. */
export function listOf<T>(rule: ParamRule<T>): ParamRule<T[], false> {
  return optional((value, name) => {
    if (value === '') return [];
    if (!Array.isArray(value)) throw StripeError.invalid('Invalid array', { param: name });
    return value.map((entry, index) => rule.read(entry, `${name}[${index}]`));
  });
}

/** A map from currencies, or other keys, to values that one rule reads. */
export function mapOf<T>(rule: ParamRule<T>): ParamRule<Record<string, T>, false> {
  return optional((value, name) => {
    if (typeof value === 'string' || Array.isArray(value)) throw invalidHash(name);
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, rule.read(entry, `${name}[${key}]`)]),
    );
  });
}

/** What an empty value unsets. */
export function unsettable<T>(rule: ParamRule<T>): ParamRule<T | null, false> {
  return optional((value, name) => (value === '' ? null : rule.read(value, name)));
}

const LARGEST = 999_999_999_999;

/** Minor units, 0 and up: what a price may be. */
export const unitAmount = integer(0, LARGEST);

/** Minor units of either sign: what an invoice item may be. */
export const lineAmount = integer(-LARGEST, LARGEST);

export const quantity = integer(0, 1_000_000_000);

export const count = integer(1, Number.MAX_SAFE_INTEGER);

/** Unix seconds. */
export const timestamp = integer(0, 32_503_680_000);

const DECIMAL = /^-?\d{1,15}(?:\.\d{1,12})?$/;

/** Minor units with at most 12 decimal places, kept as text. */
export const decimal = optional((value, name) => {
  const written = text.read(value, name);
  if (DECIMAL.test(written)) return written;
  throw StripeError.invalid(
    `Invalid decimal: ${written}; must contain at maximum twelve decimal places.`,
    { param: name },
  );
});

/** A percentage with at most four decimal places, kept as text. */
export const percentage = optional((value, name) => {
  const written = text.read(value, name);
  if (/^\d{1,3}(?:\.\d{1,4})?$/.test(written) && Number(written) <= 100) return written;
  throw StripeError.invalid(`Invalid decimal: ${written}`, { param: name });
});

/** A timestamp, or a word in its place: `now`. */
export function timestampOr<const Word extends string>(
  ...words: Word[]
): ParamRule<number | Word, false> {
  return optional((value, name) => {
    const word = words.find((each) => each === value);
    return word ?? timestamp.read(value, name);
  });
}

/** `automatic_tax`: what it adds is known only once a customer's place is. */
export const automaticTax = object({
  enabled: optional((value) => value === 'true'),
  ...allUnmodelled('liability'),
});

export const discountsOf = listOf(object({ coupon: text, discount: text, promotion_code: text }));
