import { useState } from 'preact/hooks';
import { decideApproval, readApproval, readApprovals } from '../api/calls';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { ApprovalState, ApprovalView } from '../api/views';
import { hashOf } from '../app/routes';
import type { Route } from '../app/routes';
import { foreignText } from '../format/foreign';
import { usdText } from '../format/money';
import { nowWaiting } from '../now/waiting';
import { ChangeDialog } from '../parts/change-form';
import { FilterBar } from '../parts/filter-bar';
import { Facts, Id, Panel, ViewHead } from '../parts/panel';
import { Answered, Badge, Empty } from '../parts/states';
import { Table } from '../parts/table';
import { BothTimes, Distance, Instant } from '../parts/time';
import { scopeWord, subjectText } from '../words/names';
import { amountOf } from './approval-words';

const TONES = {
  pending: 'warn',
  approved: 'good',
  denied: 'bad',
  used: 'good',
  expired: 'plain',
} as const;
const STATES: readonly (readonly [ApprovalState | '', string])[] = [
  ['', 'Pending'],
  ['approved', 'Approved, not used yet'],
  ['used', 'Used'],
  ['denied', 'Denied'],
  ['expired', 'Expired'],
];

/** Calls that a person has to let through, or one of them. */
export function ApprovalsView({ at }: { at: Route }) {
  return at.id === undefined ? (
    <ApprovalList state={at.params['state'] ?? 'pending'} />
  ) : (
    <OneApproval id={at.id} />
  );
}

function ApprovalList({ state }: { state: string }) {
  const result = useQuery(`approvals ${state}`, async (signal) => {
    const page = await readApprovals({ state, limit: 100 }, signal);
    if (state === 'pending') nowWaiting('approvals', page.approvals.length);
    return page;
  });
  return (
    <>
      <ViewHead
        title="Approvals"
        about="Calls above what may pass alone. An approval lets exactly that call through, once, within 15 minutes."
      />
      <FilterBar
        params={state === 'pending' ? {} : { state }}
        filters={[{ name: 'state', label: 'Show', choices: STATES }]}
      />
      <Answered result={result} what="The approvals">
        {({ approvals, cursor }) =>
          approvals.length === 0 ? (
            <Panel title="Approvals">
              <Empty title={state === 'pending' ? 'No call waits for you.' : 'None.'}>
                A call waits here where it is above <code>approveAbove</code> of its tool, or above
                what a budget lets pass alone.
              </Empty>
            </Panel>
          ) : state === 'pending' ? (
            <>
              {approvals.map((approval) => (
                <ApprovalCard approval={approval} key={approval.id} />
              ))}
              {cursor !== undefined && <p class="hint">There are more: decide these first.</p>}
            </>
          ) : (
            <Panel title="Approvals" isFlush>
              <Table
                caption="Approvals"
                rows={approvals}
                keyOf={({ id }) => id}
                columns={[
                  { name: 'Asked', cell: ({ created_at: at }) => <Instant at={at} /> },
                  {
                    name: 'Call',
                    cell: (approval) => (
                      <a href={hashOf('approvals', {}, approval.id)}>
                        {approval.method} {approval.path}
                      </a>
                    ),
                    isWide: true,
                  },
                  { name: 'For', cell: ({ subject }) => subjectText(subject) },
                  { name: 'Amount', cell: amountOf, isNumber: true },
                  { name: 'Decided by', cell: ({ decided_by: by }) => by ?? '–' },
                  { name: 'Reason', cell: ({ reason }) => reason ?? '–', isMinor: true },
                  {
                    name: 'State',
                    cell: (approval) => (
                      <Badge tone={TONES[approval.state]}>{approval.state}</Badge>
                    ),
                  },
                ]}
              />
            </Panel>
          )
        }
      </Answered>
    </>
  );
}

function OneApproval({ id }: { id: string }) {
  const result = useQuery(`approval ${id}`, (signal) => readApproval(id, signal));
  return (
    <>
      <ViewHead title="Approval" about={<a href={hashOf('approvals')}>All that wait</a>} />
      <Answered result={result} what="This approval">
        {(approval) => <ApprovalCard approval={approval} />}
      </Answered>
    </>
  );
}

/** All that a person needs to decide. The link alone decides nothing: the buttons do. */
function ApprovalCard({ approval }: { approval: ApprovalView }) {
  const [deciding, setDeciding] = useState<'approve' | 'deny'>();
  const { id, state, subject, method, path } = approval;
  const amount = amountOf(approval);
  const usd = usdText(approval.usd);
  return (
    <Panel
      title={`${amount} for ${subjectText(subject)}`}
      aside={<Badge tone={TONES[state]}>{state}</Badge>}
    >
      <p class="operation-line">
        <code>
          {method} {path}
        </code>
      </p>
      <p>
        Above the {usdText(approval.approve_above_usd)} that its {scopeWord(approval.scope)} lets
        pass alone
        {usd === amount ? '' : `: it counts as ${usd}`}.
      </p>
      <Facts
        facts={[
          ['Customer', approval.customer && foreignText(approval.customer)],
          ['Sends money to', approval.destinations.map(foreignText).join(', ')],
          ['Object', approval.object_id],
          [
            'Vendor',
            approval.account === undefined
              ? approval.vendor
              : `${approval.vendor}, ${approval.account}`,
          ],
          ['Tenant', subject.tenant_id],
          [
            'User',
            subject.user_id && <a href={hashOf('subject', { ...subject })}>{subject.user_id}</a>,
          ],
          ['Agent run', subject.run_id],
          ['Tool', subject.tool],
          [
            'Key',
            <a href={hashOf('keys', {}, approval.key_id)} key="key">
              {approval.label}
            </a>,
          ],
          ['Asked', <BothTimes at={approval.created_at} key="asked" />],
          [
            state === 'approved' ? 'Counts until' : 'Expires',
            (state === 'pending' || state === 'approved') && <Distance at={approval.expires_at} />,
          ],
          ['Decided', approval.decided_at && <BothTimes at={approval.decided_at} />],
          ['By', approval.decided_by],
          ['Reason', approval.reason],
          ['Used by', approval.call_id && <Id id={approval.call_id} />],
        ]}
      />
      <details class="parameters" open={state === 'pending'}>
        <summary>All {approval.parameters.length} parameters</summary>
        <dl class="facts facts-code">
          {approval.parameters.map(({ name, value }, i) => (
            <div key={`${name} ${i}`}>
              <dt>{foreignText(name)}</dt>
              <dd>
                {value === null ? (
                  <span class="muted">a secret, not shown</span>
                ) : (
                  foreignText(value)
                )}
              </dd>
            </div>
          ))}
        </dl>
      </details>
      {state === 'pending' &&
        (may('operator') ? (
          <div class="decide">
            <button type="button" class="button" onClick={() => setDeciding('deny')}>
              Deny
            </button>
            <button type="button" class="button button-main" onClick={() => setDeciding('approve')}>
              Approve
            </button>
          </div>
        ) : (
          <p class="hint">An operator or an admin decides it.</p>
        ))}
      {deciding !== undefined && (
        <ChangeDialog
          title={deciding === 'approve' ? `Approve ${amount}` : `Deny ${amount}`}
          action={deciding === 'approve' ? 'Approve' : 'Deny'}
          isDangerous={deciding === 'deny'}
          change={(reason) => decideApproval(id, deciding, reason)}
          onClose={() => setDeciding(undefined)}
        >
          <p>
            <code>
              {method} {path}
            </code>{' '}
            of {subjectText(subject)}
            {approval.customer === null ? '' : `, customer ${approval.customer}`}
            {approval.destinations.length === 0 ? '' : `, to ${approval.destinations.join(', ')}`}.
          </p>
          <p>
            {deciding === 'approve'
              ? 'The same call, to the cent, passes once within 15 minutes, if its caps still have room.'
              : 'The same call is refused for the next 15 minutes.'}
          </p>
        </ChangeDialog>
      )}
    </Panel>
  );
}
