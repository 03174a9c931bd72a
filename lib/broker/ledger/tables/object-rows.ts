import type { ObjectName, VendorObject } from '../book';
import { changing, fixed, key } from './table-form';
import type { TableForm } from './table-form';

export const OBJECTS: TableForm<VendorObject> = {
  table: 'objects',
  columns: [
    key('vendor', ({ vendor }) => vendor),
    key('account', ({ account }) => account),
    key('id', ({ id }) => id),
    fixed('root_id', ({ rootId }) => rootId),
    changing('amount', ({ amount }) => amount),
    changing('currency', ({ currency }) => currency),
    changing('final', ({ isFinal }) => (isFinal ? 1 : 0)),
    changing('destination', ({ hasDestination }) => (hasDestination ? 1 : 0)),
    changing('seen_at', ({ seenAt }) => seenAt),
  ],
  keyOf: keyOfObject,
  rowOf: (found) => ({
    vendor: found['vendor'] as string,
    account: found['account'] as string,
    id: found['id'] as string,
    rootId: found['root_id'] as string,
    amount: found['amount'] as number,
    currency: found['currency'] as string,
    isFinal: found['final'] === 1,
    hasDestination: found['destination'] === 1,
    seenAt: found['seen_at'] as number,
  }),
};

export function keyOfObject({ vendor, account, id }: ObjectName): string {
  return `${vendor}/${account}/${id}`;
}
