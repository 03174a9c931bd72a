import { useState } from 'preact/hooks';
import { readSpend } from '../api/calls';
import { open } from '../api/client';
import type { Query } from '../api/client';
import { asFault } from '../api/fault';
import { useQuery } from '../api/use-query';
import type { SpendRow, SpendView as Spend } from '../api/views';
import { narrow } from '../app/route';
import { hashOf } from '../app/routes';
import type { Route } from '../app/routes';
import { countText, sumUsd, usdText } from '../format/money';
import { dayOf, daysLater, dayText } from '../format/time';
import { now } from '../format/zone';
import { BarChart } from '../parts/chart';
import type { Bar } from '../parts/chart';
import { saveAs } from '../parts/save';
import { ChoiceField, TextField } from '../parts/form';
import { Usd } from '../parts/money';
import { Panel, ViewHead } from '../parts/panel';
import { Answered, Empty, Note } from '../parts/states';
import { Table } from '../parts/table';
import type { Column } from '../parts/table';
import { askedGroups, compared, comparedDays, GROUPS } from './compare';
import type { Compared, Group } from './compare';
import { daysBefore, daysFault, daysOf, PRESETS } from './periods';
import type { Days, Preset } from './periods';

const MOST_BARS = 12;

/** Who has spent what, in one period or in two. */
export function SpendView({ at }: { at: Route }) {
  const { params } = at;
  const group = GROUPS.find(([each]) => each === params['by'])?.[0] ?? 'user';
  const preset = PRESETS.find(([each]) => each === params['days'])?.[0] ?? 'today';
  const today = dayOf(now.value);
  const days = daysOf(preset, today, params);
  const isCompared = params['against'] !== undefined;
  const other: Days | undefined = !isCompared
    ? undefined
    : params['against'] === 'own'
      ? {
          from: params['from2'] ?? daysLater(days.from, -1),
          to: params['to2'] ?? daysLater(days.from, -1),
        }
      : daysBefore(days);
  const wrong = daysFault(days) ?? (other && daysFault(other));
  const query: Query = { by: askedGroups(group), ...days, limit: 1_000 };
  const result = useQuery(
    wrong === undefined ? `spend ${JSON.stringify([query, other])}` : undefined,
    async (signal): Promise<[Spend, Spend | undefined]> =>
      Promise.all([
        readSpend(query, signal),
        other === undefined ? undefined : readSpend({ ...query, ...other }, signal),
      ]),
  );
  return (
    <>
      <ViewHead
        title="Spend"
        about="By UTC days, as budgets count. It adds up to the audit log and to the balances."
        actions={<SaveCsv query={{ by: askedGroups(group), ...days }} />}
      />
      <Choices
        group={group}
        preset={preset}
        days={days}
        other={other}
        against={params['against'] ?? ''}
      />
      {wrong !== undefined && (
        <Note tone="warn" isNews>
          {wrong}
        </Note>
      )}
      <Answered result={result} what="The spend">
        {([spend, before]) => {
          const all =
            group === 'day'
              ? comparedDays(spend.rows, before?.rows, days, other)
              : compared(spend.rows, before?.rows, group);
          const rows = all.filter(
            ({ row, before: then }) => row !== undefined || then !== undefined,
          );
          return (
            <>
              <Panel title={`${usdText(spend.totals.spent_usd)} spent`}>
                {rows.length === 0 ? (
                  <Empty title="Nothing was spent in these days." />
                ) : (
                  <SpendChart
                    rows={all}
                    isCompared={before !== undefined}
                    group={group}
                    total={spend.totals.spent_usd}
                  />
                )}
              </Panel>
              {rows.length > 0 && (
                <Panel title={`By ${group}`} isFlush>
                  <Table
                    caption="Spend"
                    rows={rows}
                    keyOf={({ name, before: own, row }) =>
                      `${name} ${own?.day ?? ''} ${row?.day ?? ''}`
                    }
                    columns={columnsOf(group, before !== undefined)}
                    foot={footOf(spend, before)}
                  />
                  {spend.cursor !== undefined && (
                    <p class="hint more">
                      The first 1,000 rows; the CSV has all, and the sums are of all.
                    </p>
                  )}
                </Panel>
              )}
            </>
          );
        }}
      </Answered>
    </>
  );
}

function Choices({
  group,
  preset,
  days,
  other,
  against,
}: {
  group: Group;
  preset: Preset;
  days: Days;
  other: Days | undefined;
  against: string;
}) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <ChoiceField label="By" value={group} choices={GROUPS} onInput={(by) => narrow({ by })} />
      <ChoiceField
        label="Period"
        value={preset}
        choices={PRESETS}
        onInput={(value) =>
          narrow(
            value === 'own'
              ? { days: value, ...days }
              : { days: value, from: undefined, to: undefined },
          )
        }
      />
      {preset === 'own' && (
        <>
          <TextField
            label="First day"
            type="date"
            value={days.from}
            onInput={(from) => narrow({ from })}
          />
          <TextField
            label="Last day"
            type="date"
            value={days.to}
            onInput={(to) => narrow({ to })}
          />
        </>
      )}
      <ChoiceField
        label="Compared with"
        value={against}
        choices={[
          ['', 'nothing'],
          ['before', 'the days before'],
          ['own', 'chosen days'],
        ]}
        onInput={(value) =>
          narrow(
            value === 'own'
              ? { against: value, from2: daysBefore(days).from, to2: daysBefore(days).to }
              : { against: value, from2: undefined, to2: undefined },
          )
        }
      />
      {against === 'own' && other !== undefined && (
        <>
          <TextField
            label="Its first day"
            type="date"
            value={other.from}
            onInput={(from2) => narrow({ from2 })}
          />
          <TextField
            label="Its last day"
            type="date"
            value={other.to}
            onInput={(to2) => narrow({ to2 })}
          />
        </>
      )}
    </form>
  );
}

function SpendChart({
  rows,
  isCompared,
  group,
  total,
}: {
  rows: readonly Compared[];
  isCompared: boolean;
  group: Group;
  total: number;
}) {
  const most = group === 'day' ? 62 : MOST_BARS;
  // Of more days than there is room for, the latest.
  const shown = group === 'day' ? rows.slice(-most) : rows.slice(0, most);
  const bars = shown.map(({ name, row, before }): Bar => {
    const usd = row?.spent_usd ?? 0;
    const openUsd = row === undefined ? 0 : sumUsd([row.held_usd, row.unknown_usd]);
    return {
      key: name,
      label: group === 'day' ? dayText(name).replace(/^\w+ /, '') : short(name),
      title: `${name}: ${usdText(usd)} spent${openUsd > 0 ? `, ${usdText(openUsd)} held or unknown` : ''}${isCompared ? `; before ${usdText(before?.spent_usd ?? 0)}` : ''}`,
      usd,
      openUsd,
      ...(isCompared ? { beforeUsd: before?.spent_usd ?? 0 } : {}),
    };
  });
  return (
    <>
      <BarChart
        bars={bars}
        summary={`${usdText(total)} spent, by ${group}${group === 'day' ? '' : `; the most by ${rows[0]?.name ?? 'nobody'}`}. The table below has each.`}
      />
      {rows.length > most && (
        <p class="hint">
          The {most} {group === 'day' ? 'latest' : 'largest'} of {countText(rows.length)}.
        </p>
      )}
    </>
  );
}

function short(name: string): string {
  const first = name.split(' · ')[0] ?? name;
  return first.length > 9 ? `${first.slice(0, 8)}…` : first;
}

function columnsOf(group: Group, isCompared: boolean): readonly Column<Compared>[] {
  const usd =
    (
      field:
        'spent_usd' | 'settled_usd' | 'held_usd' | 'unknown_usd' | 'given_back_usd' | 'refused_usd',
    ) =>
    ({ row }: Compared) => <Usd usd={row?.[field] ?? 0} />;
  return [
    {
      name: GROUPS.find(([each]) => each === group)?.[1] ?? '',
      cell: (each) => <Name compared={each} group={group} />,
      isWide: true,
      onCard: 'head',
    },
    { name: 'Spent', cell: usd('spent_usd'), isNumber: true, onCard: 'end' },
    ...(isCompared
      ? [
          {
            name: 'Before',
            cell: ({ before }: Compared) => <Usd usd={before?.spent_usd ?? 0} />,
            isNumber: true,
          },
          {
            name: 'Change',
            cell: ({ row, before }: Compared) => (
              <Change now={row?.spent_usd ?? 0} before={before?.spent_usd ?? 0} />
            ),
            isNumber: true,
          },
        ]
      : []),
    { name: 'Settled', cell: usd('settled_usd'), isNumber: true, isMinor: true },
    { name: 'Given back', cell: usd('given_back_usd'), isNumber: true, isMinor: true },
    { name: 'Held', cell: usd('held_usd'), isNumber: true },
    { name: 'Unknown', cell: usd('unknown_usd'), isNumber: true },
    { name: 'Refused', cell: usd('refused_usd'), isNumber: true, isMinor: true },
    { name: 'Calls', cell: ({ row }) => countText(row?.calls ?? 0), isNumber: true },
    { name: 'Refusals', cell: ({ row }) => countText(row?.refusals ?? 0), isNumber: true },
  ];
}

function Name({ compared: { name, row, before }, group }: { compared: Compared; group: Group }) {
  const about: SpendRow | undefined = row ?? before;
  if (group === 'day') {
    return (
      <>
        {row?.day === undefined ? '–' : dayText(row.day)}
        {before?.day !== undefined && <span class="sub">{dayText(before.day)}</span>}
      </>
    );
  }
  const { tenant_id, user_id, tool, vendor } = about ?? {};
  const subject = {
    tenant_id: tenant_id ?? undefined,
    user_id: user_id ?? undefined,
    tool: tool ?? undefined,
    vendor: vendor ?? undefined,
  };
  if (Object.values(subject).every((value) => value === undefined)) return <>{name}</>;
  return <a href={hashOf('subject', subject)}>{name}</a>;
}

function Change({ now, before }: { now: number; before: number }) {
  const change = sumUsd([now, -before]);
  if (change === 0) return <span class="muted">–</span>;
  return (
    <span class="money">
      {change > 0 ? '+' : '−'}
      {usdText(Math.abs(change))}
    </span>
  );
}

function footOf({ totals }: Spend, before: Spend | undefined) {
  return [
    <strong key="all">All</strong>,
    <Usd usd={totals.spent_usd} key="spent" />,
    ...(before === undefined
      ? []
      : [
          <Usd usd={before.totals.spent_usd} key="before" />,
          <Change now={totals.spent_usd} before={before.totals.spent_usd} key="change" />,
        ]),
    <Usd usd={totals.settled_usd} key="settled" />,
    <Usd usd={totals.given_back_usd} key="back" />,
    <Usd usd={totals.held_usd} key="held" />,
    <Usd usd={totals.unknown_usd} key="unknown" />,
    <Usd usd={totals.refused_usd} key="refused" />,
    countText(totals.calls),
    countText(totals.refusals),
  ];
}

function SaveCsv({ query }: { query: Query }) {
  const [fault, setFault] = useState<string>();
  const save = async (): Promise<void> => {
    setFault(undefined);
    try {
      const answer = await open('GET', 'v1/spend', { query, accept: 'text/csv' });
      saveAs(`spend-${query['from']}-${query['to']}.csv`, await answer.blob());
    } catch (error) {
      setFault(asFault(error).message);
    }
  };
  return (
    <>
      {fault !== undefined && <span class="hint hint-fault">{fault}</span>}
      <button type="button" class="button" onClick={() => void save()}>
        Save as CSV
      </button>
    </>
  );
}
