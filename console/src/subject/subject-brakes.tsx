import { readBrakes } from '../api/calls';
import { useQuery } from '../api/use-query';
import { hashOf } from '../app/routes';
import { Note } from '../parts/states';
import { scopeWord } from '../words/names';

const FIELDS = {
  tenant: 'tenant_id',
  user: 'user_id',
  run: 'run_id',
  tool: 'tool',
  vendor: 'vendor',
} as const;

/** Says which brakes stop a subject. */
export function SubjectBrakes({ params }: { params: Readonly<Record<string, string>> }) {
  const { data } = useQuery('brakes', readBrakes);
  const own = (data?.brakes ?? []).filter(({ scope, target, tenant_id }) => {
    if (scope === 'all') return true;
    if (scope === 'key' || params[FIELDS[scope]] !== target) return false;
    return (
      tenant_id === undefined ||
      params['tenant_id'] === undefined ||
      tenant_id === params['tenant_id']
    );
  });
  if (own.length === 0) return null;
  return (
    <Note tone="bad">
      {own.map(({ id, scope, target, reason }) => (
        <p key={id}>
          A brake stops {scope === 'all' ? 'everything' : `${scopeWord(scope)} ${target ?? ''}`}:{' '}
          {reason} <a href={hashOf('brakes')}>To the brakes</a>
        </p>
      ))}
    </Note>
  );
}
