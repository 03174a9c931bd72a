import { useState } from 'preact/hooks';
import { readAudit } from '../api/calls';
import type { Query } from '../api/client';
import { useQuery } from '../api/use-query';
import type { AuditEntryView, AuditPage } from '../api/views';
import { hashOf } from '../app/routes';
import { usdText } from '../format/money';
import { Amount, Usd } from '../parts/money';
import { Facts, Id } from '../parts/panel';
import { Answered, Badge, Empty } from '../parts/states';
import { Table } from '../parts/table';
import type { Column } from '../parts/table';
import { BothTimes, Instant } from '../parts/time';
import { outcomeSentence } from '../words/refusals';
import { subjectText } from '../words/names';

const MOST_PAGES = 20;

/** The calls that a filter finds, the newest first, as they come. */
export function CallList({
  query,
  most = 50,
  isBrief,
}: {
  query: Query;
  most?: number;
  /** Without a way to older ones. */
  isBrief?: boolean;
}) {
  const [pages, setPages] = useState(1);
  const [opened, setOpened] = useState<number>();
  const wanted = most * pages;
  const result = useQuery(`calls ${JSON.stringify(query)} ${wanted}`, (signal) =>
    readCalls(query, wanted, signal),
  );
  return (
    <Answered result={result} what="The calls">
      {({ entries, hasMore }) =>
        entries.length === 0 ? (
          <Empty title="No calls.">A call shows here once it has ended or was refused.</Empty>
        ) : (
          <>
            <Table
              caption="Calls, newest first"
              columns={columnsOf(opened, setOpened)}
              rows={entries}
              keyOf={({ seq }) => seq}
              below={(entry) => below(entry, opened)}
            />
            {hasMore && isBrief !== true && (
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
  );
}

/** Both the calls that ended and those that were refused, unless the filter says which. */
async function readCalls(
  query: Query,
  wanted: number,
  signal: AbortSignal,
): Promise<{ entries: AuditEntryView[]; hasMore: boolean }> {
  const entries: AuditEntryView[] = [];
  let cursor: string | undefined;
  // Rows of other kinds lie between them, and a page may be short.
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer: AuditPage = await readAudit(
      { ...query, limit: Math.min(1_000, 2 * wanted), cursor },
      signal,
    );
    entries.push(...answer.entries.filter(({ event }) => event === 'call' || event === 'refusal'));
    cursor = answer.cursor;
    if (cursor === undefined || entries.length > wanted) break;
  }
  return {
    entries: entries.slice(0, wanted),
    hasMore: entries.length > wanted || cursor !== undefined,
  };
}

function columnsOf(
  opened: number | undefined,
  setOpened: (seq: number | undefined) => void,
): readonly Column<AuditEntryView>[] {
  return [
    { name: 'Time', cell: ({ at }) => <Instant at={at} />, onCard: 'bare' },
    {
      name: 'Key',
      cell: ({ key_id: id, label, subject }) => (
        <>
          {id === null ? (label ?? '–') : <a href={hashOf('keys', {}, id)}>{label}</a>}
          <a class="sub" href={hashOf('subject', { ...subject })}>
            {subjectText(subject)}
          </a>
        </>
      ),
      onCard: 'head',
    },
    { name: 'Vendor', cell: ({ vendor }) => vendor, isMinor: true },
    {
      name: 'Operation',
      cell: ({ method, path }) => (
        <code class="operation">
          {method} {path}
        </code>
      ),
      isWide: true,
      onCard: 'bare',
    },
    {
      name: 'Status',
      cell: ({ vendor_status: status }) => status ?? <span class="muted">–</span>,
      isNumber: true,
      onCard: 'none',
    },
    {
      name: 'Amount',
      cell: ({ amount, currency }) => <Amount amount={amount} currency={currency} />,
      isNumber: true,
      onCard: 'end',
    },
    {
      name: 'Result',
      onCard: 'right',
      cell: (entry) => (
        <button
          type="button"
          class="result"
          aria-expanded={opened === entry.seq}
          onClick={() => setOpened(opened === entry.seq ? undefined : entry.seq)}
        >
          <ResultBadge entry={entry} />
          <span class="unseen"> Details of this call</span>
        </button>
      ),
    },
  ];
}

function ResultBadge({ entry }: { entry: AuditEntryView }) {
  const { event, verdict, count } = entry;
  const tone =
    event === 'refusal'
      ? 'bad'
      : verdict === 'unknown'
        ? 'warn'
        : verdict === 'settled'
          ? 'good'
          : 'plain';
  return (
    <Badge tone={tone}>
      {(verdict ?? event).replaceAll('_', ' ')}
      {count > 1 && ` × ${count}`}
    </Badge>
  );
}

function below(entry: AuditEntryView, opened: number | undefined) {
  const isOpened = opened === entry.seq;
  const isPlain = entry.event === 'call' && entry.verdict === 'settled';
  if (isPlain && !isOpened) return null;
  return (
    <>
      <p class="sentence">{outcomeSentence(entry)}</p>
      {isOpened && (
        <Facts
          facts={[
            ['When', <BothTimes at={entry.at} key="at" />],
            ['Number in the log', entry.seq],
            ['Call', entry.call_id && <Id id={entry.call_id} />],
            [
              'Key',
              entry.key_id && <Id id={entry.key_id} href={hashOf('keys', {}, entry.key_id)} />,
            ],
            ['Tenant', entry.subject.tenant_id],
            ['User', entry.subject.user_id],
            ['Agent run', entry.subject.run_id],
            ['Tool', entry.subject.tool],
            ['Vendor’s status', entry.vendor_status],
            ['Asked for', entry.requested_usd !== null && <Usd usd={entry.requested_usd} />],
            ['Spent', entry.settled_usd !== null && <Usd usd={entry.settled_usd} />],
            [
              'Key after it',
              entry.cap_usd !== null &&
                entry.spent_usd !== null &&
                `${usdText(entry.spent_usd)} spent, ${usdText(entry.held_usd ?? 0)} held of ${usdText(entry.cap_usd)}`,
            ],
            ['Took', entry.latency_ms !== null && `${entry.latency_ms} ms`],
            ['Vendor’s request', entry.vendor_request_id && <Id id={entry.vendor_request_id} />],
            ['From', entry.remote_address],
          ]}
        />
      )}
    </>
  );
}
