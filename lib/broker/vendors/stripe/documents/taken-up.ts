import { isRecord } from '../../../../contract/is-record';
import { objectIn, idIn } from '../vendor-object';
import type { VendorObject } from '../vendor-object';
import { amountIn } from './objects';

/** An invoice item on a bill, and its part of that, minor units. */
export interface ItemOnBill {
  id: string;
  amount: bigint;
}

/** The invoice items whose lines an invoice shows; none where it shows no lines. */
export function itemsOn(invoice: VendorObject): ItemOnBill[] {
  const lines = objectIn(invoice, 'lines')?.['data'];
  return (Array.isArray(lines) ? lines.filter(isRecord) : []).flatMap((line) => {
    const details = objectIn(objectIn(line, 'parent') ?? {}, 'invoice_item_details') ?? {};
    // Before version 2025-03-31 it was a field of the line's own.
    const id = idIn(details, 'invoice_item') ?? idIn(line, 'invoice_item');
    return id === undefined ? [] : [{ id, amount: amountIn(line, 'amount') ?? 0n }];
  });
}
