import { isCurrency } from './currencies';
import type { FormParams, FormValue } from './form-params';
import { StripeError } from './stripe-error';

/** How one parameter is read. Reading happens before a call executes, so what fails here moved no money. */
export interface ParamRule<T, R extends boolean = boolean> {
  readonly required: R;
  read(value: FormValue, name: string): T;
}

export type ParamRules = Readonly<Record<string, ParamRule<unknown>>>;

/** What an endpoint gets once its rules have read the form. */
export type Params<Rules extends ParamRules> = {
  [Name in keyof Rules]: Rules[Name] extends ParamRule<infer T, infer R>
    ? R extends true
      ? T
      : T | undefined
    : never;
};

/**
 * @param within the parameter that the form is the value of: `line_items[0]`
 * @throws {StripeError} for an unknown, missing or malformed parameter, in that order.
 */
export function readParams<Rules extends ParamRules>(
  rules: Rules,
  form: FormParams,
  within = '',
): Params<Rules> {
  const nameOf = (field: string) => (within === '' ? field : `${within}[${field}]`);
  const unknown = Object.keys(form)
    .filter((name) => !Object.hasOwn(rules, name))
    .map(nameOf);
  if (unknown.length > 0) {
    throw StripeError.invalid(
      `Received unknown parameter${unknown.length > 1 ? 's' : ''}: ${unknown.join(', ')}`,
      { code: 'parameter_unknown', param: unknown[0]! },
    );
  }
  const params: Record<string, unknown> = {};
  for (const name in rules) {
    const value = form[name];
    if (value !== undefined) params[name] = rules[name]!.read(value, nameOf(name));
    else if (rules[name]!.required) throw missingParam(nameOf(name));
  }
  return params as Params<Rules>;
}

export function missingParam(name: string): StripeError {
  return StripeError.invalid(`Missing required param: ${name}.`, {
    code: 'parameter_missing',
    param: name,
  });
}

export function required<T>(rule: ParamRule<T>): ParamRule<T, true> {
  return { required: true, read: rule.read };
}

export function optional<T>(read: (value: FormValue, name: string) => T): ParamRule<T, false> {
  return { required: false, read };
}

function textOf(value: FormValue, name: string, kind: string): string {
  if (typeof value !== 'string') {
    throw StripeError.invalid(`Invalid ${kind}: ${JSON.stringify(value)}`, { param: name });
  }
  if (value === '') {
    throw StripeError.invalid(
      `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a parameter; ` +
        `however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`,
      { code: 'parameter_invalid_empty', param: name },
    );
  }
  return value;
}

export const text = optional((value, name) => textOf(value, name, 'string'));

/** Text which an empty value unsets. */
export const unsettableText = optional((value, name) =>
  value === '' ? null : textOf(value, name, 'string'),
);

export const flag = optional((value, name) => {
  const written = textOf(value, name, 'boolean');
  if (written === 'true' || written === 'false') return written === 'true';
  throw StripeError.invalid(`Invalid boolean: ${written}`, { param: name });
});

export function integer(min: number, max: number) {
  return optional((value, name) => {
    const written = textOf(value, name, 'integer');
    const read = Number(written);
    if (!/^-?\d+$/.test(written) || !Number.isSafeInteger(read)) {
      throw StripeError.invalid(`Invalid integer: ${written}`, {
        code: 'parameter_invalid_integer',
        param: name,
      });
    }
    if (read < min || read > max) {
      throw StripeError.invalid(
        `This value must be ${read < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`}.`,
        { code: 'parameter_invalid_integer', param: name },
      );
    }
    return read;
  });
}

const LARGEST_AMOUNT = 99_999_999;
const anyPositive = integer(1, Number.MAX_SAFE_INTEGER);

/** Minor units of a currency: 1 … 99,999,999. */
export const amount = optional((value, name) => {
  const read = anyPositive.read(value, name);
  if (read > LARGEST_AMOUNT) {
    throw StripeError.invalid(`Amount must be no more than ${LARGEST_AMOUNT}`, {
      code: 'amount_too_large',
      param: name,
    });
  }
  return read;
});

export const feeAmount = integer(0, LARGEST_AMOUNT);

/** Minor units of either sign. */
export const signedAmount = integer(-LARGEST_AMOUNT, LARGEST_AMOUNT);

export const listLimit = integer(1, 100);

export const currency = optional((value, name) => {
  const written = textOf(value, name, 'currency');
  const code = written.toLowerCase();
  if (isCurrency(code)) return code;
  throw StripeError.invalid(`Invalid currency: ${written}`, { param: name });
});

export function oneOf<const Choice extends string>(...choices: Choice[]) {
  return optional((value, name) => {
    const written = textOf(value, name, 'string');
    const choice = choices.find((candidate) => candidate === written);
    if (choice !== undefined) return choice;
    throw StripeError.invalid(`Invalid ${name}: must be one of ${choices.join(', ')}`, {
      param: name,
    });
  });
}

/** `metadata[key]=value`; an empty value drops the key, an empty `metadata` drops them all. */
export const metadata = optional((value, name): Record<string, string> | null => {
  if (value === '') return null;
  if (typeof value === 'string' || Array.isArray(value)) throw invalidHash(name);
  const entries = Object.entries(value);
  for (const [key, entry] of entries) {
    if (typeof entry !== 'string') throw invalidHash(`${name}[${key}]`);
    if (key.length > 40 || entry.length > 500) {
      throw StripeError.invalid(
        'Metadata keys have at most 40 characters and metadata values at most 500.',
        { param: name },
      );
    }
  }
  if (entries.length > 50) {
    throw StripeError.invalid('Metadata can have at most 50 keys.', { param: name });
  }
  return Object.fromEntries(entries as [string, string][]);
});

export const texts = optional((value, name) => {
  if (!Array.isArray(value)) throw StripeError.invalid('Invalid array', { param: name });
  return value.map((entry) => textOf(entry, name, 'string'));
});

/** `created=…` or `created[gte]=…&created[lt]=…`, Unix seconds. */
export const createdRange = optional((value, name): ((at: number) => boolean) => {
  if (typeof value === 'string') {
    const exact = seconds.read(value, name);
    return (at) => at === exact;
  }
  if (Array.isArray(value)) throw invalidHash(name);
  const bound = (key: string, otherwise: number) =>
    value[key] === undefined ? otherwise : seconds.read(value[key], `${name}[${key}]`);
  const [gt, gte] = [bound('gt', -1), bound('gte', 0)];
  const [lt, lte] = [bound('lt', Infinity), bound('lte', Infinity)];
  return (at) => at > gt && at >= gte && at < lt && at <= lte;
});

const seconds = integer(0, Number.MAX_SAFE_INTEGER);

/** A nested object, kept as it was written. */
export const hash = optional((value, name): Record<string, unknown> | null => {
  if (value === '') return null;
  if (typeof value === 'string' || Array.isArray(value)) throw invalidHash(name);
  return value;
});

/** A parameter Stripe knows and this vendor takes without acting on it. */
export const unmodelled = optional((value): unknown => value);

export function allUnmodelled<Name extends string>(
  ...names: Name[]
): Record<Name, ParamRule<unknown, false>> {
  return Object.fromEntries(names.map((name) => [name, unmodelled])) as Record<
    Name,
    ParamRule<unknown, false>
  >;
}

export function invalidHash(name: string): StripeError {
  return StripeError.invalid('Invalid object', { param: name });
}
