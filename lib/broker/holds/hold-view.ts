import { toUsd } from '../../contract/usd';
import { undoneView } from '../keys/undone-view';
import type { Hold } from '../ledger/records';
import type { HoldState } from '../../contract/states';

/** A hold as the management API shows it. */
export interface HoldView {
  /** Of the call it was taken for, as in the audit log. */
  id: string;
  key_id: string;
  vendor: string;
  /** The connected account. */
  account?: string;
  /** The vendor's object, where it is known. */
  object_id: string | null;
  state: HoldState;
  held_usd: number;
  settled_usd: number;
  /** What it takes back of its own subject's spend, beside what is held or settled; absent where that is nothing. */
  undone_usd?: number;
  idempotency_key_hash: string | null;
  created_at: string;
  ended_at: string | null;
}

export function holdView(hold: Hold): HoldView {
  return {
    id: hold.callId,
    key_id: hold.keyId,
    vendor: hold.vendor,
    ...(hold.account === '' ? {} : { account: hold.account }),
    object_id: hold.objectId,
    state: hold.state,
    held_usd: toUsd(hold.heldMicros),
    settled_usd: toUsd(hold.settledMicros),
    ...undoneView(hold.undoneMicros),
    idempotency_key_hash: hold.idempotencyKeyHash,
    created_at: new Date(hold.createdAt).toISOString(),
    ended_at: hold.endedAt === null ? null : new Date(hold.endedAt).toISOString(),
  };
}
