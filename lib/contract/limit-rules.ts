import { labelFault } from './label-rule';
import { capFault } from './usd';

/** The limits of a key or a budget, as the wire names them. */
export const LIMIT_NAMES = [
  'per_call_usd',
  'calls_per_minute',
  'customers',
  'destinations',
  'currencies',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** What is wrong with a limit; `item` is the place in its list where it is one of them. */
export interface LimitFault {
  item?: number;
  message: string;
}

const MAX_CALLS_PER_MINUTE = 100_000;
const MAX_ITEMS = 100;
const MAX_ITEM_LENGTH = 255;

/** Every fault of a limit's value. Nothing is coerced, and nothing empty means "no limit". */
export function limitFaults(name: LimitName, value: unknown): LimitFault[] {
  switch (name) {
    case 'per_call_usd':
      return faultsOf(capFault(value));
    case 'calls_per_minute':
      return faultsOf(callsFault(value));
    case 'customers':
      return listFaults(value, customerFault);
    case 'destinations':
      return listFaults(value, destinationFault);
    case 'currencies':
      return listFaults(value, currencyFault);
  }
}

function callsFault(value: unknown): string | undefined {
  const isValid =
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 1 &&
    value <= MAX_CALLS_PER_MINUTE;
  return isValid ? undefined : `must be a whole number from 1 to ${MAX_CALLS_PER_MINUTE}`;
}

function listFaults(
  value: unknown,
  itemFault: (item: unknown) => string | undefined,
): LimitFault[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_ITEMS) {
    return [{ message: `must be an array of 1 to ${MAX_ITEMS} strings` }];
  }
  // Not `flatMap`: it passes over the holes of an array.
  return Array.from(value as unknown[], (each, item) => {
    const message = itemFault(each);
    return message === undefined ? [] : [{ item, message }];
  }).flat();
}

/** What can be no customer's id matches no call, so nothing at all would pass. */
function customerFault(item: unknown): string | undefined {
  return (
    labelFault(item, MAX_ITEM_LENGTH) ??
    (isCustomer(item) ? undefined : 'must be the id of a customer, such as "cus_…"')
  );
}

function destinationFault(item: unknown): string | undefined {
  return (
    labelFault(item, MAX_ITEM_LENGTH) ??
    (isCustomer(item)
      ? 'is the id of a customer: must be that of an account or a bank account, such as "acct_…"'
      : undefined)
  );
}

function isCustomer(item: unknown): boolean {
  return typeof item === 'string' && /^cus_\w+$/.test(item);
}

function currencyFault(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z]{3}$/.test(value)
    ? undefined
    : 'must be a three-letter currency code, such as "usd"';
}

function faultsOf(message: string | undefined): LimitFault[] {
  return message === undefined ? [] : [{ message }];
}
