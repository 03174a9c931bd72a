import type { ApprovalState } from '../../contract/states';
import { DECISION_MS, PENDING_MS, stateOf } from '../approvals/approval';
import type { Approval } from '../approvals/approval';
import type { Page, PageRequest } from './records';
import { decide } from './rules/approvals';
import type { ApprovalDecision } from './rules/approvals';
import type { Store } from './store';

/** Which approvals: all that match each field given. */
export interface ApprovalFilter {
  state?: ApprovalState;
  vendor?: string;
  tenant_id?: string;
  user_id?: string;
}

/** How many are looked at in one step, and in how many for one page. */
const SLICE = 200;
const MAX_SLICES = 10;

/** What people have been asked for, and their answers. */
export class Approvals {
  constructor(private readonly store: Store) {}

  one(id: string): Promise<Approval | undefined> {
    return this.store.read((book) => book.note('approval', id));
  }

  /** The newest first; a cursor is the id of the last one that was looked at. */
  async list(filter: ApprovalFilter, { limit, cursor }: PageRequest): Promise<Page<Approval>> {
    const queries = await this.store.checkpoint();
    const now = this.store.now();
    const entries: Approval[] = [];
    let to = cursor;
    for (let i = 0; i < MAX_SLICES; i++) {
      const range = { limit: SLICE, newestFirst: true, ...(to === undefined ? {} : { to }) };
      const slice = await queries.notes('approval', range);
      for (const { name, value } of slice) {
        if (!mayFollow(filter, value, now)) return { entries };
        to = name;
        if (matches(filter, value, now)) entries.push(value);
        if (entries.length === limit) return { entries, next: name };
      }
      if (slice.length < SLICE) return { entries };
    }
    return { entries, ...(to === undefined ? {} : { next: to }) };
  }

  /** Rejects with a refusal 404, or 422 where it was answered or has expired. */
  decide(decision: ApprovalDecision): Promise<Approval> {
    return this.store.run((book) => decide(book, decision));
  }
}

/** Whether one that is as old, or older, may be in the state that is asked for. */
function mayFollow({ state }: ApprovalFilter, { createdAt }: Approval, now: number): boolean {
  if (state !== 'pending' && state !== 'approved') return true;
  return createdAt > now - PENDING_MS - DECISION_MS;
}

function matches(filter: ApprovalFilter, approval: Approval, now: number): boolean {
  const { state, vendor, tenant_id: tenant, user_id: user } = filter;
  const { subject } = approval;
  return (
    (state === undefined || stateOf(approval, now) === state) &&
    (vendor === undefined || approval.vendor === vendor) &&
    (tenant === undefined || subject.tenant_id === tenant) &&
    (user === undefined || subject.user_id === user)
  );
}
