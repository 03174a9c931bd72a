import { CallRefusedException } from '../exceptions/call-refused.exception';

const MAX_AMOUNT = 99_999_999;
const ID = /^[A-Za-z0-9_]{1,255}$/;

/**
 * An amount in the currency's minor unit (cents).
 *
 * @throws CallRefusedException `invalid_amount` for anything but a whole number from 1 to 99,999,999.
 */
export function amountOf(param: string, value: unknown): number {
  if (
    typeof value !== 'number' ||
    !Number.isSafeInteger(value) ||
    value < 1 ||
    value > MAX_AMOUNT
  ) {
    throw CallRefusedException.forArgument(
      param,
      `must be a whole number from 1 to ${MAX_AMOUNT} in the currency's minor unit, such as 1250 for $12.50`,
      'invalid_amount',
    );
  }
  return value;
}

/** @throws CallRefusedException where the value is no Stripe id, and so could change the path. */
export function idOf(param: string, value: unknown, example: string): string {
  if (typeof value !== 'string' || !ID.test(value)) {
    throw CallRefusedException.forArgument(
      param,
      `must be a Stripe id of letters, digits and "_", such as "${example}"`,
    );
  }
  return value;
}

/** @throws CallRefusedException where the value is not a currency's three letters. */
export function currencyOf(param: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z]{3}$/.test(value)) {
    throw CallRefusedException.forArgument(
      param,
      'must be the three letters of a currency, such as "usd"',
    );
  }
  return value.toLowerCase();
}

/** @throws CallRefusedException where the value is no string. */
export function textOf(param: string, value: unknown): string {
  if (typeof value !== 'string') throw CallRefusedException.forArgument(param, 'must be a string');
  return value;
}

/** @throws CallRefusedException where the value is no boolean. */
export function flagOf(param: string, value: unknown): boolean {
  if (typeof value !== 'boolean')
    throw CallRefusedException.forArgument(param, 'must be true or false');
  return value;
}

/** @throws CallRefusedException if the value is not one of the choices. */
export function choiceOf<T extends string>(
  param: string,
  value: unknown,
  choices: readonly T[],
): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined)
    throw CallRefusedException.forArgument(param, `must be one of ${choices.join(', ')}`);
  return choice;
}

/** @throws CallRefusedException where the value is no whole number in the range. */
export function countOf(param: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw CallRefusedException.forArgument(param, `must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** A value that may be left out. */
export function optional<T, R>(value: T | undefined, read: (value: T) => R): R | undefined {
  return value === undefined ? undefined : read(value);
}
