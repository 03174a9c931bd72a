import { isRecord } from '../../../contract/is-record';

/** An object of Stripe's as its API shows it. */
export type VendorObject = Readonly<Record<string, unknown>>;

/** Whether a text may be an id of Stripe's. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_]{1,255}$/.test(text);
}

export function textIn(object: VendorObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === 'string' ? value : undefined;
}

/** An object nested in another. */
export function objectIn(object: VendorObject, field: string): VendorObject | undefined {
  const value = object[field];
  return isRecord(value) ? value : undefined;
}

/** The id that a field names, expanded or not. */
export function idIn(object: VendorObject, field: string): string | undefined {
  const value = object[field];
  if (typeof value === 'string') return value;
  return isRecord(value) && typeof value['id'] === 'string' ? value['id'] : undefined;
}
