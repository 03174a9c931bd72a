import {
  countLiveKeys,
  readApprovals,
  readBrakes,
  readBudgets,
  readHolds,
  readSpend,
  readWebhooks,
} from '../api/calls';
import { open } from '../api/client';
import { asFault } from '../api/fault';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { BudgetView, SpendView } from '../api/views';
import { hashOf } from '../app/routes';
import { BarChart } from '../parts/chart';
import { CapUse, Usd } from '../parts/money';
import { Panel, ViewHead } from '../parts/panel';
import { Answered, Badge, Empty } from '../parts/states';
import { countText, usdText, sumUsd } from '../format/money';
import { dayOf, hoursOf, hourText, zoneName } from '../format/time';
import { now, zone } from '../format/zone';
import { periodText, perPeriod, targetText } from '../words/names';
import { CallList } from '../calls/call-list';
import { hourSums, vendorsCap } from './day-chart';
import { capNow, needsOf, partUsed, subjectHref } from './needs';
import { nowWaiting } from './waiting';

const MOST_CAPS = 6;
const LATEST_CALLS = 8;

interface Picture {
  liveKeys: { count: number; more: boolean };
  keptSettlements?: number;
  storeFault?: string;
}

/** What goes on, and what waits for somebody. */
export function NowView() {
  const day = dayOf(now.value);
  const spend = useQuery(`spend ${day}`, (signal) =>
    readSpend({ by: 'hour', from: day, to: day }, signal),
  );
  const picture = useQuery('picture', readPicture);
  const budgets = useQuery('budgets', async (signal) => (await readBudgets(signal, 2)).budgets);
  const needs = useQuery('needs', async (signal) => {
    const [{ approvals }, { holds, cursor }, { brakes }, { webhooks }] = await Promise.all([
      readApprovals({ state: 'pending', limit: 100 }, signal),
      readHolds({ state: 'unknown', limit: 100 }, signal),
      readBrakes(signal),
      readWebhooks(signal),
    ]);
    nowWaiting('approvals', approvals.length);
    nowWaiting('holds', holds.length);
    return { approvals, holds, hasMoreHolds: cursor !== undefined, brakes, webhooks };
  });
  return (
    <>
      <ViewHead title="Now" about={`Today is ${day} in UTC, by which budgets count.`} />
      <Panel title="Needs somebody" isFlush>
        <Answered result={needs} what="What waits">
          {(facts) => {
            const list = needsOf({
              ...facts,
              budgets: budgets.data ?? [],
              storeFault: picture.data?.storeFault,
              keptSettlements: picture.data?.keptSettlements,
            });
            if (list.length === 0) {
              return (
                <Empty title="Nothing needs you.">
                  Approvals, calls without an outcome, brakes and budgets above 80 % show here.
                </Empty>
              );
            }
            return (
              <ul class="needs">
                {list.map(({ key, tone, text, action, href }) => (
                  <li class={`need need-${tone}`} key={key}>
                    <span class="need-text">{text}</span>
                    <a class="button button-small" href={href}>
                      {action === 'Decide' && !may('operator') ? 'Look' : action}
                    </a>
                  </li>
                ))}
              </ul>
            );
          }}
        </Answered>
      </Panel>
      <Tiles spend={spend.data} picture={picture.data} />
      <div class="two">
        <Panel title="Spend by hour, today">
          <Answered result={spend} what="The spend of today">
            {(data) => <DayChart day={day} spend={data} budgets={budgets.data ?? []} />}
          </Answered>
        </Panel>
        <Panel title="Fullest budgets" aside={<a href={hashOf('budgets')}>All budgets</a>}>
          <Answered result={budgets} what="The budgets">
            {(all) => <FullestBudgets budgets={all} />}
          </Answered>
        </Panel>
      </div>
      <Panel title="Latest calls" isFlush aside={<a href={hashOf('calls')}>All calls</a>}>
        <CallList query={{}} most={LATEST_CALLS} isBrief />
      </Panel>
    </>
  );
}

function Tiles({ spend, picture }: { spend: SpendView | undefined; picture: Picture | undefined }) {
  const sums = spend?.totals;
  const open = sums === undefined ? 0 : sumUsd([sums.held_usd, sums.unknown_usd]);
  return (
    <ul class="tiles">
      <Tile
        name="Live keys"
        value={picture && `${countText(picture.liveKeys.count)}${picture.liveKeys.more ? '+' : ''}`}
        href={hashOf('keys', { status: 'active' })}
        id="live-keys"
      />
      <Tile
        name="Spent today"
        value={sums && usdText(sums.spent_usd)}
        more={open === 0 ? undefined : `${usdText(open)} held or unknown`}
        href={hashOf('spend')}
        id="spent"
      />
      <Tile
        name="Calls today"
        value={sums && countText(sums.calls)}
        href={hashOf('calls')}
        id="calls"
      />
      <Tile
        name="Refused today"
        value={sums && countText(sums.refusals)}
        href={hashOf('calls', { event: 'refusal' })}
        id="refusals"
      />
    </ul>
  );
}

function Tile({
  name,
  value,
  more,
  href,
  id,
}: {
  name: string;
  value: string | undefined;
  more?: string | undefined;
  href: string;
  id: string;
}) {
  return (
    <li>
      <a class="tile" href={href}>
        <span class="tile-name">{name}</span>
        <span class="tile-value" data-figure={id}>
          {value ?? '–'}
        </span>
        <span class="tile-more">{more}</span>
      </a>
    </li>
  );
}

function DayChart({
  day,
  spend,
  budgets,
}: {
  day: string;
  spend: SpendView;
  budgets: readonly BudgetView[];
}) {
  const hours = hoursOf(day);
  const current = new Date(now.value).getUTCHours();
  const sums = hourSums(spend.rows);
  let sum = 0;
  const running = sums.map(({ spent }, hour) => {
    sum = sumUsd([sum, spent]);
    return hour <= current ? sum : undefined;
  });
  const cap = vendorsCap(budgets);
  const isLocal = zone.value === 'local';
  return (
    <>
      <BarChart
        summary={`${usdText(spend.totals.spent_usd)} spent so far on ${day}, by hour${cap === undefined ? '' : `; ${cap.label} is ${usdText(cap.usd)}`}.`}
        bars={hours.map((at, hour) => ({
          key: String(hour),
          label: hourText(at, zone.value),
          title: `${hourText(at, zone.value)}${isLocal ? ` ${zoneName()} (${hourText(at, 'UTC')} UTC)` : ' UTC'}: ${usdText(sums[hour]?.spent ?? 0)}`,
          usd: sums[hour]?.spent ?? 0,
          openUsd: sums[hour]?.open ?? 0,
        }))}
        running={running}
        line={cap}
      />
      <p class="hint">Hours in {isLocal ? zoneName() : 'UTC'}; the day is that of UTC.</p>
      <details>
        <summary>The same as a table</summary>
        <table class="table small-table">
          <caption class="unseen">Spend by hour on {day}</caption>
          <thead>
            <tr>
              <th scope="col">Hour</th>
              <th scope="col">UTC</th>
              <th scope="col" class="number">
                Spent
              </th>
            </tr>
          </thead>
          <tbody>
            {hours.slice(0, current + 1).map((at, hour) => (
              <tr key={at}>
                <td>{hourText(at, zone.value)}</td>
                <td>{hourText(at, 'UTC')}</td>
                <td class="number">
                  <Usd usd={sums[hour]?.spent ?? 0} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

function FullestBudgets({ budgets }: { budgets: readonly BudgetView[] }) {
  const fullest = budgets
    .filter(({ spent_usd: spent }) => spent !== undefined)
    .sort((one, other) => partUsed(other) - partUsed(one))
    .slice(0, MOST_CAPS);
  if (fullest.length === 0) {
    return (
      <Empty title="No budget counts yet.">
        A key’s cap ends with the key. Set a budget, so that a user’s keys together are capped.
      </Empty>
    );
  }
  return (
    <ul class="caps">
      {fullest.map((budget) => (
        <li key={`${targetText(budget)} ${budget.source} ${budget.period ?? ''}`}>
          <div class="cap-row">
            <span>
              <a href={subjectHref(budget)}>{targetText(budget)}</a>{' '}
              {budget.mode === 'shadow' && <Badge tone="plain">shadow</Badge>}
              {budget.source === 'app' && <Badge tone="plain">application</Badge>}
            </span>
            <span class="money">
              {usdText(sumUsd([budget.spent_usd ?? 0, budget.held_usd ?? 0]))}
              <span class="muted">
                {' '}
                of {usdText(capNow(budget))} {perPeriod(budget.period)}
              </span>
            </span>
          </div>
          <CapUse
            spent={budget.spent_usd ?? 0}
            held={budget.held_usd ?? 0}
            cap={capNow(budget)}
            isShadow={budget.mode === 'shadow'}
            name={`the budget of ${targetText(budget)} for ${periodText(budget.period)}`}
          />
        </li>
      ))}
    </ul>
  );
}

/** Counts from the metrics where they may be read, else from the list of keys. */
async function readPicture(signal: AbortSignal): Promise<Picture> {
  const [metrics, storeFault] = await Promise.all([readMetrics(signal), readStoreFault(signal)]);
  const counted = metrics?.get('vault_key_live_keys');
  const kept = metrics?.get('vault_key_kept_settlements');
  return {
    liveKeys:
      counted === undefined ? await countLiveKeys({}, signal) : { count: counted, more: false },
    ...(kept === undefined ? {} : { keptSettlements: kept }),
    ...(storeFault === undefined ? {} : { storeFault }),
  };
}

let hasMetrics = true;

async function readMetrics(signal: AbortSignal): Promise<Map<string, number> | undefined> {
  if (!hasMetrics) return undefined;
  try {
    const text = await (await open('GET', 'metrics', { signal, accept: 'text/plain' })).text();
    return new Map(
      [...text.matchAll(/^(\w+) (\d+)$/gm)].map(([, name = '', value]) => [name, Number(value)]),
    );
  } catch (error) {
    if (asFault(error).status === 0 || signal.aborted) throw error;
    hasMetrics = false;
    return undefined;
  }
}

async function readStoreFault(signal: AbortSignal): Promise<string | undefined> {
  try {
    await open('GET', 'readyz', { signal });
    return undefined;
  } catch (error) {
    const { status, message } = asFault(error);
    return status === 503 ? message : undefined;
  }
}
