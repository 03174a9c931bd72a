import { useState } from 'preact/hooks';
import { endRaise, readCaps, readKeys } from '../api/calls';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { BudgetTarget, CapView, RaiseView, SubjectView as SubjectParts } from '../api/views';
import { hashOf } from '../app/routes';
import type { Route } from '../app/routes';
import { BrakeDialog } from '../brakes/brake-dialog';
import { RaiseDialog } from '../budgets/raise-dialog';
import { CallList } from '../calls/call-list';
import { KeyTable } from '../keys/key-table';
import { ChangeDialog } from '../parts/change-form';
import { usdText } from '../format/money';
import { CapUse, Usd } from '../parts/money';
import { Panel, ViewHead } from '../parts/panel';
import { Answered, Badge, Empty } from '../parts/states';
import { Table } from '../parts/table';
import { Distance, Instant } from '../parts/time';
import { periodText, scopeWord } from '../words/names';
import { SubjectBrakes } from './subject-brakes';

const PARTS = [
  ['user_id', 'User'],
  ['tenant_id', 'Tenant'],
  ['run_id', 'Agent run'],
  ['tool', 'Tool'],
  ['vendor', 'Vendor'],
] as const;
const SOURCES: Readonly<Record<string, string>> = {
  operator: 'an operator',
  app: 'the application',
};

/** One subject: what caps it, what it does, and what stops it. */
export function SubjectView({ at }: { at: Route }) {
  const { params } = at;
  const named = PARTS.filter(([field]) => params[field] !== undefined);
  const [doing, setDoing] = useState<'brake' | 'raise'>();
  const [ending, setEnding] = useState<RaiseView>();
  const caps = useQuery(`caps ${JSON.stringify(params)}`, (signal) => readCaps(params, signal));
  const keys = useQuery(`keys ${JSON.stringify(params)}`, (signal) =>
    readKeys({ ...params, limit: 20 }, signal),
  );
  const subject = subjectIn(params);
  const targets = targetsOf(params);
  if (named.length === 0) {
    return (
      <>
        <ViewHead title="Subject" />
        <Panel title="Nobody named">
          <Empty title="Find a user, tenant, agent run or tool by its id.">
            The field is above the views’ names; names in every list lead here too.
          </Empty>
        </Panel>
      </>
    );
  }
  return (
    <>
      <ViewHead
        title={
          <>
            {named.map(([field, name], i) => (
              <span key={field}>
                {i > 0 && <span class="muted"> · </span>}
                <span class="h1-kind">{name}</span> {params[field]}
              </span>
            ))}
          </>
        }
        actions={
          <>
            {may('operator') && targets.length > 0 && (
              <button type="button" class="button" onClick={() => setDoing('raise')}>
                Raise
              </button>
            )}
            {may('operator') && (
              <button type="button" class="button button-danger" onClick={() => setDoing('brake')}>
                Brake
              </button>
            )}
          </>
        }
      />
      <SubjectBrakes params={params} />
      <Panel title="Every cap over it" isFlush>
        <Answered result={caps} what="The caps">
          {({ caps: all }) =>
            all.length === 0 ? (
              <Empty title="No budget caps it.">
                Only its keys’ own caps do, each for one invocation. Set a budget, or give one in
                the application.
              </Empty>
            ) : (
              <CapTable
                caps={all.filter(({ source }) => source !== 'raise')}
                raises={all.flatMap(({ raises = [] }) => raises)}
                onEndRaise={setEnding}
              />
            )
          }
        </Answered>
      </Panel>
      <Panel title="Its keys" isFlush aside={<a href={hashOf('keys', params)}>All its keys</a>}>
        <Answered result={keys} what="The keys">
          {({ keys: all }) =>
            all.length === 0 ? <Empty title="It has had no key." /> : <KeyTable keys={all} />
          }
        </Answered>
      </Panel>
      <Panel title="Its calls" isFlush aside={<a href={hashOf('calls', params)}>With filters</a>}>
        <CallList query={params} most={25} />
      </Panel>
      {doing === 'brake' && (
        <BrakeDialog
          subject={subject}
          vendor={params['vendor']}
          onClose={() => setDoing(undefined)}
        />
      )}
      {doing === 'raise' && <RaiseDialog targets={targets} onClose={() => setDoing(undefined)} />}
      {ending !== undefined && (
        <ChangeDialog
          title={`End the raise by ${usdText(ending.usd)}`}
          action="End it"
          isDangerous
          change={(reason) => endRaise(ending, reason)}
          onClose={() => setEnding(undefined)}
        >
          <p>What was spent above the caps stays spent: what is left may be below zero.</p>
        </ChangeDialog>
      )}
    </>
  );
}

function CapTable({
  caps,
  raises,
  onEndRaise,
}: {
  caps: readonly CapView[];
  raises: readonly RaiseView[];
  onEndRaise: (raise: RaiseView) => void;
}) {
  return (
    <Table
      caption="Every cap over this subject"
      rows={caps}
      keyOf={({ scope, id, source, period, mode }) =>
        `${scope} ${id} ${source} ${period ?? ''} ${mode ?? ''}`
      }
      below={(cap) => {
        // A raise is over all caps of its subject: it is told of below the last of them.
        if (caps.findLast((each) => each.scope === cap.scope) !== cap) return null;
        const own = [...new Map(raises.map((raise) => [raise.id, raise])).values()].filter(
          ({ scope }) => scope === cap.scope,
        );
        if (own.length === 0) return null;
        return (
          <ul class="plain-list">
            {own.map((raise) => (
              <li class="sentence raise" key={raise.id}>
                <span>
                  Raised by {usdText(raise.usd)} until <Instant at={raise.expires_at} />, by{' '}
                  {raise.set_by}: {raise.reason}
                </span>
                {may('operator') && (
                  <button
                    type="button"
                    class="button button-small"
                    onClick={() => onEndRaise(raise)}
                  >
                    End it
                  </button>
                )}
              </li>
            ))}
          </ul>
        );
      }}
      columns={[
        {
          name: 'Of',
          cell: ({ scope, id, mode }) => (
            <>
              {scopeWord(scope)} {id === '' ? <span class="muted">without one</span> : id}{' '}
              {mode === 'shadow' && <Badge tone="plain">shadow</Badge>}
            </>
          ),
          isWide: true,
          onCard: 'bare',
        },
        { name: 'Set by', cell: ({ source }) => SOURCES[source] ?? source },
        { name: 'For', cell: ({ period }) => periodText(period) },
        { name: 'Cap', cell: ({ cap_usd: usd }) => <Usd usd={usd} />, isNumber: true },
        { name: 'Spent', cell: ({ spent_usd: usd }) => <Usd usd={usd} />, isNumber: true },
        { name: 'Held', cell: ({ held_usd: usd }) => <Usd usd={usd} />, isNumber: true },
        { name: 'Left', cell: ({ remaining_usd: usd }) => <Usd usd={usd} />, isNumber: true },
        {
          name: 'Used',
          onCard: 'bare',
          cell: (cap) => (
            <CapUse
              spent={cap.spent_usd}
              held={cap.held_usd}
              cap={cap.cap_usd}
              isShadow={cap.mode === 'shadow'}
              name={`the cap of ${scopeWord(cap.scope)} ${cap.id} set by ${SOURCES[cap.source] ?? cap.source}`}
            />
          ),
        },
        {
          name: 'Resets',
          cell: ({ resets_at: at }) => (at === undefined ? '–' : <Distance at={at} />),
          isMinor: true,
        },
      ]}
    />
  );
}

function subjectIn(params: Readonly<Record<string, string>>): SubjectParts {
  const subject: SubjectParts = {};
  for (const field of ['tenant_id', 'user_id', 'run_id', 'tool'] as const) {
    const value = params[field];
    if (value !== undefined) subject[field] = value;
  }
  return subject;
}

/** Whose caps may be raised. A user is raised within its tenant, a run within its user. */
function targetsOf(params: Readonly<Record<string, string>>): BudgetTarget[] {
  const { tenant_id, user_id, run_id, tool, vendor } = params;
  const tenant = tenant_id === undefined ? {} : { tenant_id };
  const user = user_id === undefined ? {} : { user_id };
  const targets: BudgetTarget[] = [];
  if (user_id !== undefined) targets.push({ scope: 'user', id: user_id, ...tenant });
  if (run_id !== undefined) targets.push({ scope: 'run', id: run_id, ...tenant, ...user });
  if (tenant_id !== undefined) targets.push({ scope: 'tenant', id: tenant_id });
  if (tool !== undefined) targets.push({ scope: 'tool', id: tool });
  if (vendor !== undefined) targets.push({ scope: 'vendor', id: vendor });
  return targets;
}
