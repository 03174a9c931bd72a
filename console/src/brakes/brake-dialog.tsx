import { useState } from 'preact/hooks';
import { putBrake } from '../api/calls';
import type { Query } from '../api/client';
import type { BrakeScope, SubjectView } from '../api/views';
import { ChangeDialog } from '../parts/change-form';
import { ChoiceField, LIVES, TextField } from '../parts/form';
import { BlastRadius } from '../parts/live-keys';
import { Note } from '../parts/states';
import { scopeWord } from '../words/names';

const ALL: readonly BrakeScope[] = ['user', 'run', 'tenant', 'tool', 'vendor', 'key', 'all'];
const WITHIN_TENANT: ReadonlySet<BrakeScope> = new Set(['user', 'run', 'tool', 'vendor']);
const FILTERS = {
  tenant: 'tenant_id',
  user: 'user_id',
  run: 'run_id',
  tool: 'tool',
  vendor: 'vendor',
} as const;

/** Stops somebody, once it is told how many live keys that hits. */
export function BrakeDialog({
  subject = {},
  vendor,
  keyId,
  onClose,
}: {
  /** Whom the page is about; empty where that is still to be said. */
  subject?: SubjectView;
  vendor?: string | undefined;
  keyId?: string | undefined;
  onClose: () => void;
}) {
  const ids: Partial<Record<BrakeScope, string | undefined>> = {
    key: keyId,
    run: subject.run_id,
    user: subject.user_id,
    tool: subject.tool,
    tenant: subject.tenant_id,
    vendor,
  };
  const named = ALL.filter((scope) => ids[scope] !== undefined);
  const isOpen = named.length === 0;
  const [scope, setScope] = useState<BrakeScope>(
    keyId !== undefined ? 'key' : (named[0] ?? 'user'),
  );
  const [typedId, setTypedId] = useState('');
  const [tenant, setTenant] = useState(subject.tenant_id ?? '');
  const [life, setLife] = useState('');
  const id = isOpen ? typedId.trim() : (ids[scope] ?? '');
  const hasTenant = WITHIN_TENANT.has(scope) && tenant.trim() !== '';
  const whom =
    scope === 'all'
      ? 'everything'
      : `${scopeWord(scope)} ${id}${hasTenant ? ` of tenant ${tenant.trim()}` : ''}`;
  return (
    <ChangeDialog
      title={scope !== 'all' && id === '' ? 'Put a brake' : `Brake ${whom}`}
      action={scope === 'all' ? 'Stop everything' : 'Brake'}
      isDangerous
      reasonHint="The agent that is stopped reads it, and it is kept in the audit log with your name."
      check={() => (scope !== 'all' && id === '' ? 'Say whom the brake stops.' : undefined)}
      change={(reason) =>
        putBrake({
          scope,
          ...(scope === 'all' ? {} : { id }),
          ...(hasTenant ? { tenant_id: tenant.trim() } : {}),
          reason,
          ...(life === '' ? {} : { expires_in: life }),
        })
      }
      onClose={onClose}
    >
      <ChoiceField
        label="Stop"
        value={scope}
        onInput={setScope}
        choices={(isOpen ? ALL : named).map(
          (each) =>
            [
              each,
              isOpen || ids[each] === undefined
                ? scopeWord(each)
                : `${scopeWord(each)} ${ids[each]}`,
            ] as const,
        )}
      />
      {isOpen && scope !== 'all' && (
        <TextField
          label={`Id of the ${scopeWord(scope)}`}
          value={typedId}
          onInput={setTypedId}
          isRequired
        />
      )}
      {WITHIN_TENANT.has(scope) && (
        <TextField
          label="Within the tenant"
          value={tenant}
          onInput={setTenant}
          hint="Empty: within every tenant."
        />
      )}
      <ChoiceField
        label="Until"
        value={life}
        onInput={setLife}
        choices={[
          ['', 'somebody lifts it'],
          ...LIVES.map(([each, text]) => [each, `${text} have passed`] as const),
        ]}
      />
      {scope === 'key' ? (
        <p class="blast" role="status">
          Stops <strong>this key</strong> and the keys issued under it.
        </p>
      ) : (
        <BlastRadius
          effect="Stops"
          query={radiusOf(scope, id, hasTenant ? tenant.trim() : undefined)}
        />
      )}
      {scope === 'all' && (
        <Note tone="warn">
          No agent of any tenant can spend anything until the brake is lifted.
        </Note>
      )}
    </ChangeDialog>
  );
}

/** Which live keys a brake would hit. */
function radiusOf(scope: BrakeScope, id: string, tenant: string | undefined): Query | undefined {
  if (scope === 'all') return {};
  if (scope === 'key' || id === '') return undefined;
  return { [FILTERS[scope]]: id, ...(tenant === undefined ? {} : { tenant_id: tenant }) };
}
