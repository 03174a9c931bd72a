import { kindOf } from './object-kinds';
import { idIn } from './vendor-object';
import type { VendorObject } from './vendor-object';

/** What tells a person whether money has moved, and no secret: https://docs.stripe.com/api. */
const FIELDS = [
  'id',
  'object',
  'status',
  'currency',
  'amount',
  'amount_capturable',
  'amount_received',
  'amount_captured',
  'amount_refunded',
  'amount_total',
  'amount_due',
  'amount_paid',
  'captured',
  'refunded',
  'paid',
  'payment_status',
  'cancellation_reason',
  'failure_code',
  'created',
  'canceled_at',
] as const;

/** Where an object is read, by its id alone: {@link VendorObjects.pathOfId}. */
export function pathOfId(id: string): string | undefined {
  const kind = kindOf(id);
  return kind === undefined ? undefined : `${kind.collection}/${id}`;
}

/** What a person is shown of an object: {@link VendorObjects.shown}. */
export function shownObject(object: VendorObject): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const field of FIELDS) {
    const value = object[field];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      shown[field] = value;
    }
  }
  const customer = idIn(object, 'customer');
  return customer === undefined ? shown : { ...shown, customer };
}
