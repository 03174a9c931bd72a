import { useState } from 'preact/hooks';
import { readBudgets, removeBudget } from '../api/calls';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { BudgetView } from '../api/views';
import { capNow, partUsed, subjectHref } from '../now/needs';
import { ChangeDialog } from '../parts/change-form';
import { CapUse, Usd } from '../parts/money';
import { Panel, ViewHead } from '../parts/panel';
import { Answered, Badge, Empty } from '../parts/states';
import { Table } from '../parts/table';
import type { Column } from '../parts/table';
import { Distance } from '../parts/time';
import { limitsText } from '../keys/limits-text';
import { periodText, targetText } from '../words/names';
import { usdText } from '../format/money';
import { BudgetDialog, CoveredKeys } from './budget-dialog';
import { RaiseDialog } from './raise-dialog';

type Doing = { what: 'set' } | { what: 'change' | 'remove' | 'raise'; budget: BudgetView };

/** What subjects may spend, and what of it is spent. */
export function BudgetsView() {
  const result = useQuery('budgets', (signal) => readBudgets(signal));
  const [doing, setDoing] = useState<Doing>();
  const done = (): void => setDoing(undefined);
  return (
    <>
      <ViewHead
        title="Budgets"
        about="All budgets over a call must pass; of an operator’s and the application’s the tighter decides. Left is what a call would meet."
        actions={
          may('admin') && (
            <button
              type="button"
              class="button button-main"
              onClick={() => setDoing({ what: 'set' })}
            >
              Set a budget
            </button>
          )
        }
      />
      <Answered result={result} what="The budgets">
        {({ budgets, cursor }) => {
          const operators = budgets.filter(({ source }) => source === 'operator');
          const app = budgets
            .filter(({ source }) => source !== 'operator')
            .sort((one, other) => partUsed(other) - partUsed(one));
          return (
            <>
              <Panel title="Set by operators" isFlush>
                {operators.length === 0 ? (
                  <Empty title="No operator has set a budget.">
                    A key’s cap ends with the key: a budget caps all keys of a subject together.
                  </Empty>
                ) : (
                  <Table
                    caption="Budgets set by operators"
                    rows={operators}
                    keyOf={keyOf}
                    columns={columnsOf(setDoing, true)}
                    below={belowBudget}
                  />
                )}
              </Panel>
              <Panel title="The application’s own" isFlush>
                {app.length === 0 ? (
                  <Empty title="No key of today carries a budget.">
                    They travel with each key: <code>budgets</code> in the module’s options.
                  </Empty>
                ) : (
                  <Table
                    caption="Budgets of the application"
                    rows={app}
                    keyOf={keyOf}
                    columns={columnsOf(setDoing, false)}
                    below={belowBudget}
                  />
                )}
                {cursor !== undefined && (
                  <p class="hint more">There are more: find one by its subject.</p>
                )}
              </Panel>
            </>
          );
        }}
      </Answered>
      {doing?.what === 'set' && <BudgetDialog onClose={done} />}
      {doing?.what === 'change' && <BudgetDialog before={doing.budget} onClose={done} />}
      {doing?.what === 'raise' && <RaiseDialog targets={[doing.budget]} onClose={done} />}
      {doing?.what === 'remove' && (
        <ChangeDialog
          title={`Remove the budget of ${targetText(doing.budget)}`}
          action="Remove"
          isDangerous
          change={(reason) => removeBudget(doing.budget, reason)}
          onClose={done}
        >
          <p>
            {usdText(doing.budget.daily_usd_cap)} for {periodText(doing.budget.period)} no longer
            caps it. Other caps over its keys stay.
          </p>
          <CoveredKeys target={doing.budget} />
        </ChangeDialog>
      )}
    </>
  );
}

function keyOf(budget: BudgetView): string {
  return `${targetText(budget)} ${budget.source} ${budget.period ?? 'day'} ${budget.mode ?? ''}`;
}

function columnsOf(
  setDoing: (doing: Doing) => void,
  isOperators: boolean,
): readonly Column<BudgetView>[] {
  const columns: Column<BudgetView>[] = [
    {
      name: 'Of',
      cell: (budget) => (
        <>
          <a href={subjectHref(budget)}>{targetText(budget)}</a>{' '}
          {budget.mode === 'shadow' && <Badge tone="plain">shadow</Badge>}
        </>
      ),
      isWide: true,
      onCard: 'bare',
    },
    { name: 'Cap', cell: ({ daily_usd_cap: cap }) => <Usd usd={cap} />, isNumber: true },
    { name: 'For', cell: ({ period }) => periodText(period) },
    { name: 'Spent', cell: ({ spent_usd: usd }) => <Usd usd={usd} />, isNumber: true },
    { name: 'Held', cell: ({ held_usd: usd }) => <Usd usd={usd} />, isNumber: true, isMinor: true },
    { name: 'Left', cell: ({ remaining_usd: usd }) => <Usd usd={usd} />, isNumber: true },
    {
      name: 'Used',
      onCard: 'bare',
      cell: (budget) =>
        budget.spent_usd === undefined ? (
          <span class="muted">each alone</span>
        ) : (
          <CapUse
            spent={budget.spent_usd}
            held={budget.held_usd ?? 0}
            cap={capNow(budget)}
            isShadow={budget.mode === 'shadow'}
            name={`the budget of ${targetText(budget)}`}
          />
        ),
    },
    {
      name: 'Resets',
      cell: ({ resets_at: at }) => (at === undefined ? '–' : <Distance at={at} />),
      isMinor: true,
    },
  ];
  const mayRaise = may('operator');
  const mayChange = isOperators && may('admin');
  if (mayRaise || mayChange) {
    columns.push({
      name: 'Change',
      onCard: 'bare',
      cell: (budget) => (
        <div class="row-actions">
          {mayRaise && budget.id !== '*' && budget.id !== '' && (
            <button
              type="button"
              class="button button-small"
              onClick={() => setDoing({ what: 'raise', budget })}
            >
              Raise <span class="unseen">{targetText(budget)}</span>
            </button>
          )}
          {mayChange && (
            <>
              <button
                type="button"
                class="button button-small"
                onClick={() => setDoing({ what: 'change', budget })}
              >
                Change <span class="unseen">{targetText(budget)}</span>
              </button>
              <button
                type="button"
                class="button button-small"
                onClick={() => setDoing({ what: 'remove', budget })}
              >
                Remove <span class="unseen">{targetText(budget)}</span>
              </button>
            </>
          )}
        </div>
      ),
    });
  }
  return columns;
}

function belowBudget({ limits, approve_above_usd: above, raised_usd: raised }: BudgetView) {
  const parts = [
    above === undefined ? '' : `A person approves calls above ${usdText(above)}.`,
    limits === undefined ? '' : `Each call: ${limitsText(limits)}.`,
    raised === undefined ? '' : `Raised by ${usdText(raised)} for now.`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : <p class="sentence">{parts.join(' ')}</p>;
}
