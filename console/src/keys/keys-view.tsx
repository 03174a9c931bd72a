import { useState } from 'preact/hooks';
import { readAudit, readKey, readKeys } from '../api/calls';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { KeyView, PeriodCap } from '../api/views';
import type { Route } from '../app/routes';
import { hashOf } from '../app/routes';
import { BrakeDialog } from '../brakes/brake-dialog';
import { CallList } from '../calls/call-list';
import { usdText } from '../format/money';
import { FilterBar } from '../parts/filter-bar';
import { CapUse, Usd } from '../parts/money';
import { Facts, Id, Panel, ViewHead } from '../parts/panel';
import { Answered, Empty } from '../parts/states';
import { BothTimes } from '../parts/time';
import { perPeriod, scopeWord, subjectText } from '../words/names';
import { KeyStatusBadge, KeyTable } from './key-table';
import { limitsText } from './limits-text';
import { SpentToday } from './spent-today';

const PAGE = 50;
const STATUSES = [
  ['', 'All'],
  ['active', 'Active'],
  ['braked', 'Braked'],
  ['expired', 'Expired'],
  ['revoked', 'Revoked'],
] as const;

/** The vault keys, or one of them. */
export function KeysView({ at }: { at: Route }) {
  return at.id === undefined ? <KeyListView params={at.params} /> : <OneKey id={at.id} />;
}

function KeyListView({ params }: { params: Readonly<Record<string, string>> }) {
  const [pages, setPages] = useState(1);
  const limit = Math.min(1_000, PAGE * pages);
  const result = useQuery(`keys ${JSON.stringify(params)} ${limit}`, (signal) =>
    readKeys({ ...params, limit }, signal),
  );
  return (
    <>
      <ViewHead
        title="Keys"
        about="One for each invocation. A key’s cap covers its whole life, which may begin before today."
      />
      <FilterBar
        params={params}
        filters={[
          { name: 'status', label: 'Status', choices: STATUSES },
          { name: 'tenant_id', label: 'Tenant' },
          { name: 'user_id', label: 'User' },
          { name: 'run_id', label: 'Agent run' },
          { name: 'tool', label: 'Tool' },
          { name: 'vendor', label: 'Vendor' },
        ]}
      />
      <Panel title="Keys" isFlush>
        <Answered result={result} what="The keys">
          {({ keys, cursor }) =>
            keys.length === 0 ? (
              <Empty title="No keys.">An agent’s tool gets one when it begins to work.</Empty>
            ) : (
              <>
                <KeyTable keys={keys} />
                {cursor !== undefined && (
                  <div class="more">
                    <button type="button" class="button" onClick={() => setPages(pages + 1)}>
                      Show older ones
                    </button>
                  </div>
                )}
              </>
            )
          }
        </Answered>
      </Panel>
    </>
  );
}

function OneKey({ id }: { id: string }) {
  const result = useQuery(`key ${id}`, (signal) => readKey(id, signal));
  const [isBraking, setBraking] = useState(false);
  const key = result.data;
  return (
    <>
      <ViewHead
        title={key?.label ?? 'Key'}
        about={
          key && (
            <>
              <KeyStatusBadge status={key.status} />{' '}
              <a href={hashOf('subject', { ...key.subject })}>{subjectText(key.subject)}</a>
            </>
          )
        }
        actions={
          key &&
          may('operator') && (
            <button type="button" class="button button-danger" onClick={() => setBraking(true)}>
              Brake
            </button>
          )
        }
      />
      <Answered result={result} what="This key">
        {(found) => <KeyFacts found={found} />}
      </Answered>
      <Panel title="Its calls" isFlush>
        <CallList query={{ key_id: id }} most={25} />
      </Panel>
      <Panel title="Its issue">
        <IssueFacts id={id} />
      </Panel>
      {isBraking && key !== undefined && (
        <BrakeDialog
          subject={key.subject}
          vendor={key.vendor}
          keyId={id}
          onClose={() => setBraking(false)}
        />
      )}
    </>
  );
}

function KeyFacts({ found }: { found: KeyView }) {
  const { budgets, limits, subject } = found;
  return (
    <Panel title="The key">
      <CapUse
        spent={found.spent_usd}
        held={found.held_usd}
        cap={found.daily_usd_cap}
        name="the key’s cap"
      />
      <Facts
        facts={[
          ['Key', <code key="id">{found.id}</code>],
          ['Vendor', found.vendor],
          ['Cap', <Usd usd={found.daily_usd_cap} key="cap" />],
          ['Spent', <Usd usd={found.spent_usd} key="spent" />],
          ['Spent today', <SpentToday spender={found} key="today" />],
          ['Held', <Usd usd={found.held_usd} key="held" />],
          ['Taken back', found.undone_usd && <Usd usd={found.undone_usd} />],
          ['Left', <Usd usd={found.remaining_usd} key="left" />],
          ['Tenant', subject.tenant_id],
          ['User', subject.user_id],
          ['Agent run', subject.run_id],
          ['Tool', subject.tool],
          [
            'Allowed',
            <ul class="plain-list" key="allowed">
              {found.allowed_endpoints.map((each) => (
                <li key={each}>
                  <code>{each}</code>
                </li>
              ))}
            </ul>,
          ],
          ['Approval above', found.approve_above_usd && <Usd usd={found.approve_above_usd} />],
          ['The application’s budgets', budgets && budgetsText(budgets)],
          ['Limits', limits && limitsText(limits)],
          [
            'Issued under',
            found.parent_id && (
              <Id id={found.parent_id} href={hashOf('keys', {}, found.parent_id)} />
            ),
          ],
          ['Issued', <BothTimes at={found.created_at} key="created" />],
          ['Expires', <BothTimes at={found.expires_at} key="expires" />],
          ['Revoked', found.revoked_at && <BothTimes at={found.revoked_at} />],
        ]}
      />
    </Panel>
  );
}

function IssueFacts({ id }: { id: string }) {
  const result = useQuery(`issue ${id}`, (signal) =>
    readAudit({ key_id: id, event: 'issue', limit: 1 }, signal),
  );
  return (
    <Answered result={result} what="Its issue">
      {({ entries: [issue] }) =>
        issue === undefined ? (
          <Empty title="Not in the log any more." />
        ) : (
          <Facts
            facts={[
              ['When', <BothTimes at={issue.at} key="at" />],
              ['Number in the log', issue.seq],
              ['From', issue.remote_address],
            ]}
          />
        )
      }
    </Answered>
  );
}

/** `user $200.00 a day, tool $1,000.00 a week` */
function budgetsText(budgets: NonNullable<KeyView['budgets']>): string {
  return Object.entries(budgets)
    .flatMap(([scope, caps]) =>
      [caps].flat().map((cap) => {
        const { usd, period }: PeriodCap =
          typeof cap === 'number' ? { usd: cap, period: 'day' } : cap;
        return `${scopeWord(scope)} ${usdText(usd)} ${perPeriod(period)}`;
      }),
    )
    .join(', ');
}
