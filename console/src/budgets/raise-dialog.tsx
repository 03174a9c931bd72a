import { useState } from 'preact/hooks';
import { putRaise, readCaps } from '../api/calls';
import { useQuery } from '../api/use-query';
import type { BudgetTarget } from '../api/views';
import { readUsd, sumUsd, usdText } from '../format/money';
import { ChangeDialog } from '../parts/change-form';
import { ChoiceField, LIVES, TextField } from '../parts/form';
import { BlastRadius } from '../parts/live-keys';
import { Answered, Empty } from '../parts/states';
import { periodText, scopeWord, targetText } from '../words/names';

/** Adds to every cap of one subject for some time. */
export function RaiseDialog({
  targets,
  onClose,
}: {
  /** Whose caps may be raised: one is chosen. */
  targets: readonly BudgetTarget[];
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState('0');
  const [usd, setUsd] = useState('');
  const [life, setLife] = useState('2h');
  const target = targets[Number(chosen)] ?? targets[0];
  if (target === undefined) return null;
  const { scope, id, tenant_id, user_id } = target;
  const amount = readUsd(usd);
  return (
    <ChangeDialog
      title={`Raise the caps of ${targetText(target)}`}
      action="Raise"
      check={() =>
        amount === undefined || amount === 0
          ? 'Say by how much, in US dollars with at most two decimals.'
          : undefined
      }
      change={(reason) =>
        putRaise(target, {
          usd: amount,
          expires_in: life,
          reason,
          ...(tenant_id === undefined ? {} : { tenant_id }),
          ...(user_id === undefined ? {} : { user_id }),
        })
      }
      onClose={onClose}
    >
      {targets.length > 1 && (
        <ChoiceField
          label="Of"
          value={chosen}
          onInput={setChosen}
          choices={targets.map(
            (each, i) => [String(i), `${scopeWord(each.scope)} ${each.id}`] as const,
          )}
        />
      )}
      <TextField label="By US dollars" value={usd} onInput={setUsd} isRequired />
      <ChoiceField
        label="For"
        value={life}
        onInput={setLife}
        choices={LIVES}
        hint="At most to 00:00 UTC, when the day’s budgets begin again."
      />
      <RaisedCaps target={target} usd={amount ?? 0} />
      <BlastRadius
        effect="Gives room to"
        query={{
          [{ tenant: 'tenant_id', user: 'user_id', run: 'run_id', tool: 'tool', vendor: 'vendor' }[
            scope
          ]]: id,
          ...(tenant_id === undefined ? {} : { tenant_id }),
          ...(scope === 'run' && user_id !== undefined ? { user_id } : {}),
        }}
      />
    </ChangeDialog>
  );
}

/** What each cap of the subject would be. */
function RaisedCaps({ target, usd }: { target: BudgetTarget; usd: number }) {
  const { scope, id, tenant_id, user_id } = target;
  const field = {
    tenant: 'tenant_id',
    user: 'user_id',
    run: 'run_id',
    tool: 'tool',
    vendor: 'vendor',
  }[scope];
  const result = useQuery(`caps ${JSON.stringify(target)}`, (signal) =>
    readCaps({ tenant_id, user_id, [field]: id }, signal),
  );
  return (
    <Answered result={result} what="Its caps">
      {({ caps }) => {
        const own = caps.filter((cap) => cap.scope === scope && cap.source !== 'raise');
        if (own.length === 0) return <Empty title="It has no cap, so there is nothing to raise." />;
        return (
          <ul class="plain-list">
            {own.map((cap) => (
              <li key={`${cap.source} ${cap.period ?? ''}`}>
                Set by {cap.source === 'app' ? 'the application' : 'an operator'}, for{' '}
                {periodText(cap.period)}: {usdText(cap.cap_usd)} →{' '}
                <strong>{usdText(sumUsd([cap.cap_usd, usd]))}</strong>
              </li>
            ))}
          </ul>
        );
      }}
    </Answered>
  );
}
