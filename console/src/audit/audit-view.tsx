import { useState } from 'preact/hooks';
import { readAudit, verifyAudit } from '../api/calls';
import { open } from '../api/client';
import type { Query } from '../api/client';
import { asFault } from '../api/fault';
import { useQuery } from '../api/use-query';
import type { AuditEntryView, AuditVerdict } from '../api/views';
import { hashOf } from '../app/routes';
import type { Route } from '../app/routes';
import { countText, counted } from '../format/money';
import { FilterBar } from '../parts/filter-bar';
import { TextField } from '../parts/form';
import { Usd } from '../parts/money';
import { Panel, ViewHead } from '../parts/panel';
import { saveAs } from '../parts/save';
import { Answered, Empty, Note } from '../parts/states';
import { Table } from '../parts/table';
import type { Column } from '../parts/table';
import { Instant } from '../parts/time';
import { entrySentence, eventWord } from '../words/entries';
import { subjectText } from '../words/names';

const PAGE = 50;
const EVENTS = [
  ['', 'Everything'],
  ['call', 'Calls'],
  ['refusal', 'Refusals'],
  ['issue', 'Keys issued'],
  ['revoke', 'Keys revoked'],
  ['brake', 'Brakes put'],
  ['lift', 'Brakes lifted'],
  ['budget', 'Budgets changed'],
  ['raise', 'Raises'],
  ['approval', 'Approvals'],
  ['settlement', 'Holds ended'],
  ['give_back', 'Given back'],
  ['lookup', 'Look-ups'],
  ['threshold', 'Thresholds'],
  ['webhook', 'Webhooks'],
  ['segment', 'Exports'],
  ['backup', 'Backups'],
  ['reload', 'Settings read again'],
] as const;

/** All that was decided, by whom, in a chain that shows a change. */
export function AuditView({ at }: { at: Route }) {
  const { params } = at;
  const [pages, setPages] = useState(1);
  const limit = Math.min(1_000, PAGE * pages);
  const result = useQuery(`audit ${JSON.stringify(params)} ${limit}`, (signal) =>
    readAudit({ ...params, limit }, signal),
  );
  return (
    <>
      <ViewHead
        title="Audit"
        about="Every decision, in the order in which it was written. A row that was changed, removed or moved is found."
        actions={<Export query={params} />}
      />
      <Verify />
      <FilterBar
        params={params}
        filters={[
          { name: 'event', label: 'Show', choices: EVENTS },
          { name: 'actor', label: 'Who' },
          { name: 'user_id', label: 'User' },
          { name: 'tenant_id', label: 'Tenant' },
          { name: 'run_id', label: 'Agent run' },
          { name: 'key_id', label: 'Key' },
          { name: 'from', label: 'From (UTC day)', type: 'date' },
          { name: 'to', label: 'Before (UTC day)', type: 'date' },
        ]}
      />
      <Panel title="Rows" isFlush>
        <Answered result={result} what="The audit log">
          {({ entries, cursor }) =>
            entries.length === 0 ? (
              <Empty title="No row.">
                {cursor === undefined
                  ? 'Nothing that fits was written.'
                  : 'Nothing among the latest rows fits.'}
              </Empty>
            ) : (
              <>
                <Table
                  caption="Rows of the audit log, newest first"
                  columns={COLUMNS}
                  rows={entries}
                  keyOf={({ seq }) => seq}
                />
                {cursor !== undefined && limit < 1_000 && (
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

const COLUMNS: readonly Column<AuditEntryView>[] = [
  { name: 'No.', cell: ({ seq }) => countText(seq), isNumber: true, isMinor: true },
  { name: 'Time', cell: ({ at }) => <Instant at={at} />, onCard: 'end' },
  { name: 'What', cell: ({ event }) => eventWord(event), onCard: 'head' },
  { name: 'Who', cell: ({ actor }) => actor ?? '–' },
  {
    name: 'Of',
    cell: (entry) => <About entry={entry} />,
  },
  {
    name: 'In words',
    cell: (entry) => entrySentence(entry),
    isWide: true,
    onCard: 'bare',
  },
  {
    name: 'Spent',
    onCard: 'none',
    cell: ({ settled_usd: usd }) => <Usd usd={usd} />,
    isNumber: true,
  },
];

/** Whom a row is about: a key, a webhook, or a subject. */
function About({ entry: { event, key_id: id, label, subject } }: { entry: AuditEntryView }) {
  if (id !== null) return <a href={hashOf('keys', {}, id)}>{label ?? id}</a>;
  if (event === 'webhook') return <a href={hashOf('webhooks')}>{label}</a>;
  const named = Object.values(subject);
  if (named.length === 0) return <>–</>;
  // A budget of each user alone leads to no user.
  if (named.includes('*')) return <>each one</>;
  return <a href={hashOf('subject', { ...subject })}>{subjectText(subject)}</a>;
}

/** Walks the chain, and checks it against a head that was kept elsewhere. */
function Verify() {
  const [head, setHead] = useState('');
  const [state, setState] = useState<'asking' | { verdict: AuditVerdict } | { fault: string }>();
  const ask = async (): Promise<void> => {
    setState('asking');
    try {
      setState({ verdict: await verifyAudit(head.trim()) });
    } catch (error) {
      setState({ fault: asFault(error).message });
    }
  };
  return (
    <Panel title="Is the log whole?">
      <form
        class="verify"
        onSubmit={(event) => {
          event.preventDefault();
          if (state !== 'asking') void ask();
        }}
      >
        <TextField
          label="A head that you kept elsewhere"
          value={head}
          onInput={setHead}
          hint="May be empty. With one, a person who has the store and its key cannot have rewritten what was before it."
        />
        <button type="submit" class="button" disabled={state === 'asking'}>
          {state === 'asking' ? 'Walking the chain …' : 'Verify'}
        </button>
      </form>
      <div role="status">
        {typeof state === 'object' && 'fault' in state && <Note tone="bad">{state.fault}</Note>}
        {typeof state === 'object' && 'verdict' in state && <Verdict verdict={state.verdict} />}
      </div>
    </Panel>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  if (!verdict.ok) {
    return (
      <Note tone="bad">
        The log does not hold: row {countText(verdict.seq)} does not fit. {verdict.reason}
      </Note>
    );
  }
  return (
    <Note tone="good">
      <p>
        All {counted(verdict.entries, 'row')} fit. Keep this head somewhere else, and verify against
        it the next time:
      </p>
      <code class="head">{verdict.head}</code>
    </Note>
  );
}

/** Saves the rows that a filter finds, one JSON document a line. */
function Export({ query }: { query: Query }) {
  const [state, setState] = useState<string>();
  const save = async (): Promise<void> => {
    setState('Reading …');
    try {
      const answer = await open('GET', 'v1/audit', { query, accept: 'application/x-ndjson' });
      saveAs(`audit-${new Date().toISOString().slice(0, 10)}.ndjson`, await answer.blob());
      setState(undefined);
    } catch (error) {
      setState(asFault(error).message);
    }
  };
  return (
    <>
      {state !== undefined && <span class="hint">{state}</span>}
      <button type="button" class="button" onClick={() => void save()}>
        Export as NDJSON
      </button>
    </>
  );
}
