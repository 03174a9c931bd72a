import { useState } from 'preact/hooks';
import { putBudget, readBudget } from '../api/calls';
import { asFault } from '../api/fault';
import { useQuery } from '../api/use-query';
import type { BudgetTarget, BudgetView, Period, Scope } from '../api/views';
import { counted, readUsd } from '../format/money';
import { ChangeDialog } from '../parts/change-form';
import { ChoiceField, TextField } from '../parts/form';
import { BlastRadius } from '../parts/live-keys';
import { scopeWord, targetText } from '../words/names';

const SCOPES: readonly Scope[] = ['user', 'tenant', 'run', 'tool', 'vendor'];
const PERIODS = [
  ['day', 'a UTC day'],
  ['week', 'a week, from Monday'],
  ['month', 'a calendar month'],
  ['24h', 'any 24 hours'],
] as const satisfies readonly (readonly [Period, string])[];

/** Sets a budget, or changes one: what is not changed stays as it was. */
export function BudgetDialog({ before, onClose }: { before?: BudgetView; onClose: () => void }) {
  const [scope, setScope] = useState<Scope>(before?.scope ?? 'user');
  const [id, setId] = useState(before?.id ?? '');
  const [tenant, setTenant] = useState(before?.tenant_id ?? '');
  const [user, setUser] = useState(before?.user_id ?? '');
  const [cap, setCap] = useState(before === undefined ? '' : String(before.daily_usd_cap));
  const [period, setPeriod] = useState<Period>(before?.period ?? 'day');
  const [mode, setMode] = useState<'enforce' | 'shadow'>(before?.mode ?? 'enforce');
  const [above, setAbove] = useState(
    before?.approve_above_usd === undefined ? '' : String(before.approve_above_usd),
  );
  const hasTenant = scope === 'user' || scope === 'run';
  const target: BudgetTarget = before ?? {
    scope,
    id: id.trim(),
    ...(hasTenant && tenant.trim() !== '' ? { tenant_id: tenant.trim() } : {}),
    ...(scope === 'run' && user.trim() !== '' ? { user_id: user.trim() } : {}),
  };
  const capUsd = readUsd(cap);
  const aboveUsd = above.trim() === '' ? undefined : readUsd(above);
  return (
    <ChangeDialog
      title={before === undefined ? 'Set a budget' : `Change the budget of ${targetText(before)}`}
      action={before === undefined ? 'Set' : 'Change'}
      check={() =>
        target.id === ''
          ? 'Say whom the budget caps.'
          : capUsd === undefined
            ? 'The cap must be US dollars with at most two decimals, up to 1,000,000.'
            : above.trim() !== '' && aboveUsd === undefined
              ? 'The amount above which a person approves must be US dollars, or empty.'
              : undefined
      }
      change={(reason) =>
        putBudget(target, {
          daily_usd_cap: capUsd,
          ...(target.tenant_id === undefined ? {} : { tenant_id: target.tenant_id }),
          ...(target.user_id === undefined ? {} : { user_id: target.user_id }),
          ...(before?.limits === undefined ? {} : { limits: before.limits }),
          // What is usual is left out.
          ...(period === 'day' ? {} : { period }),
          ...(mode === 'enforce' ? {} : { mode }),
          ...(aboveUsd === undefined ? {} : { approve_above_usd: aboveUsd }),
          reason,
        })
      }
      onClose={onClose}
    >
      {before === undefined && (
        <>
          <ChoiceField
            label="Of"
            value={scope}
            onInput={setScope}
            choices={SCOPES.map((each) => [each, scopeWord(each)] as const)}
          />
          <TextField
            label={`Id of the ${scopeWord(scope)}`}
            value={id}
            onInput={setId}
            hint="* caps each one that has no budget of its own."
            isRequired
          />
          {hasTenant && (
            <TextField
              label="Within the tenant"
              value={tenant}
              onInput={setTenant}
              hint="Empty: within each tenant, each counted alone."
            />
          )}
          {scope === 'run' && (
            <TextField
              label="Within the user"
              value={user}
              onInput={setUser}
              hint="Empty: within each user."
            />
          )}
        </>
      )}
      <TextField label="Cap in US dollars" value={cap} onInput={setCap} isRequired />
      <ChoiceField label="For" value={period} onInput={setPeriod} choices={PERIODS} />
      <ChoiceField
        label="What it does"
        value={mode}
        onInput={setMode}
        choices={[
          ['enforce', 'Refuses what is beyond the cap'],
          ['shadow', 'Only writes down what it would refuse'],
        ]}
      />
      <TextField
        label="A person approves calls above"
        value={above}
        onInput={setAbove}
        hint="In US dollars; empty: none."
      />
      {before === undefined ? (
        <BlastRadius
          effect="Caps"
          query={
            target.id === ''
              ? undefined
              : {
                  ...(target.id === '*' ? {} : { [FILTERS[scope]]: target.id }),
                  ...(target.tenant_id === undefined ? {} : { tenant_id: target.tenant_id }),
                  ...(target.user_id === undefined ? {} : { user_id: target.user_id }),
                }
          }
        />
      ) : (
        <CoveredKeys target={before} />
      )}
    </ChangeDialog>
  );
}

const FILTERS = {
  tenant: 'tenant_id',
  user: 'user_id',
  run: 'run_id',
  tool: 'tool',
  vendor: 'vendor',
} as const;

/** How many live keys a budget caps, as the API counts them. */
export function CoveredKeys({ target }: { target: BudgetTarget }) {
  const result = useQuery(`covered ${JSON.stringify(target)}`, async (signal) => {
    try {
      return (await readBudget(target, signal)).live_keys ?? null;
    } catch (error) {
      if (asFault(error).status === 404) return null;
      throw error;
    }
  });
  const count = result.data;
  return (
    <p class="blast" role="status">
      {count === undefined ? (
        'Counting the live keys it caps …'
      ) : count === null ? (
        'It caps too many live keys to count.'
      ) : (
        <>
          It caps <strong>{counted(count, 'live key')}</strong> now.
        </>
      )}
    </p>
  );
}
