import type { BrakeScope } from '../../../contract/scopes';
import type { Brake } from '../../brakes/brake';
import { changing, fixed, key } from './table-form';
import type { FoundRow, OrderedForm } from './table-form';

export const BRAKES: OrderedForm<Brake> = {
  table: 'brakes',
  columns: [
    key('id', ({ id }) => id),
    fixed('scope', ({ scope }) => scope),
    fixed('target', ({ target }) => target),
    fixed('tenant', ({ tenant }) => tenant ?? null),
    fixed('reason', ({ reason }) => reason),
    fixed('set_by', ({ setBy }) => setBy),
    fixed('created_at', ({ createdAt }) => createdAt),
    fixed('expires_at', ({ expiresAt }) => expiresAt ?? null),
    changing('hit', ({ hit }) => hit ?? null),
  ],
  keyOf: ({ id }) => id,
  rowOf: brakeOf,
  compare: (one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1),
};

function brakeOf(found: FoundRow): Brake {
  const { tenant, expires_at: expiresAt, hit } = found;
  return {
    id: found['id'] as string,
    scope: found['scope'] as BrakeScope,
    target: found['target'] as string,
    ...(tenant === null ? {} : { tenant: tenant as string }),
    reason: found['reason'] as string,
    setBy: found['set_by'] as string,
    createdAt: found['created_at'] as number,
    ...(expiresAt === null ? {} : { expiresAt: expiresAt as number }),
    ...(hit === null ? {} : { hit: hit as number }),
  };
}
