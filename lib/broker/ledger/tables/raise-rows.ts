import type { BudgetScope } from '../../../contract/scopes';
import type { Raise } from '../../budgets/raise';
import type { OperatorRole } from '../../operators/actor';
import { fixed, key } from './table-form';
import type { FoundRow, OrderedForm } from './table-form';

export const RAISES: OrderedForm<Raise> = {
  table: 'raises',
  columns: [
    key('id', ({ raiseId }) => raiseId),
    fixed('scope', ({ scope }) => scope),
    fixed('tenant', ({ tenant }) => tenant ?? null),
    fixed('user_id', ({ user }) => user ?? null),
    fixed('target', ({ id }) => id),
    fixed('micros', ({ micros }) => micros),
    fixed('reason', ({ reason }) => reason),
    fixed('set_by', ({ setBy }) => setBy),
    fixed('role', ({ role }) => role),
    fixed('created_at', ({ createdAt }) => createdAt),
    fixed('expires_at', ({ expiresAt }) => expiresAt),
  ],
  keyOf: ({ raiseId }) => raiseId,
  rowOf: raiseOf,
  compare: (one, other) =>
    one.createdAt - other.createdAt || (one.raiseId < other.raiseId ? -1 : 1),
};

function raiseOf(found: FoundRow): Raise {
  return {
    raiseId: found['id'] as string,
    scope: found['scope'] as BudgetScope,
    tenant: (found['tenant'] as string | null) ?? undefined,
    user: (found['user_id'] as string | null) ?? undefined,
    id: found['target'] as string,
    micros: found['micros'] as number,
    reason: found['reason'] as string,
    setBy: found['set_by'] as string,
    role: found['role'] as OperatorRole,
    createdAt: found['created_at'] as number,
    expiresAt: found['expires_at'] as number,
  };
}
