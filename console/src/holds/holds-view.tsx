import { useState } from 'preact/hooks';
import { readAudit, readHolds, releaseHold, settleHold } from '../api/calls';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { AuditEntryView, HoldView } from '../api/views';
import { hashOf } from '../app/routes';
import { readUsd, usdText } from '../format/money';
import { now } from '../format/zone';
import { nowWaiting } from '../now/waiting';
import { ChangeDialog } from '../parts/change-form';
import { TextField } from '../parts/form';
import { Amount, Usd } from '../parts/money';
import { Facts, Id, Panel, ViewHead } from '../parts/panel';
import { Answered, Badge, Empty } from '../parts/states';
import { Table } from '../parts/table';
import { BothTimes, Distance } from '../parts/time';
import { subjectText } from '../words/names';
import { VendorSays } from './vendor-says';

const LATE_MS = 60_000;

interface Ending {
  how: 'settle' | 'release';
  hold: HoldView;
}

/** Calls that left and had no answer. */
export function HoldsView() {
  const result = useQuery('holds', async (signal) => {
    const page = await readHolds({ state: 'unknown', limit: 100 }, signal);
    nowWaiting('holds', page.holds.length);
    return page;
  });
  const held = useQuery('held', (signal) => readHolds({ state: 'held', limit: 100 }, signal));
  const [ending, setEnding] = useState<Ending>();
  return (
    <>
      <ViewHead
        title="Unknown holds"
        about="These calls left and had no answer, so the vendor may have executed them: each counts under every cap until somebody who has looked says what became of it."
      />
      <Panel title="Unknown" isFlush>
        <Answered result={result} what="The unknown holds">
          {({ holds, cursor }) =>
            holds.length === 0 ? (
              <Empty title="Every call has an outcome.">
                One without an answer shows here, with what the vendor says of its object.
              </Empty>
            ) : (
              <>
                <HoldTable holds={holds} onEnd={setEnding} />
                {cursor !== undefined && <p class="hint more">There are more: end these first.</p>}
              </>
            )
          }
        </Answered>
      </Panel>
      <Panel title="Held for more than a minute" isFlush>
        <Answered result={held} what="The holds">
          {({ holds }) => {
            const late = holds.filter(({ created_at: at }) => now.value - Date.parse(at) > LATE_MS);
            return late.length === 0 ? (
              <Empty title="None.">
                A call that takes long shows here, and one that has ended while the store could not
                be written.
              </Empty>
            ) : (
              <HoldTable holds={late} onEnd={setEnding} />
            );
          }}
        </Answered>
      </Panel>
      {ending !== undefined && <EndDialog {...ending} onClose={() => setEnding(undefined)} />}
    </>
  );
}

function HoldTable({
  holds,
  onEnd,
}: {
  holds: readonly HoldView[];
  onEnd: (ending: Ending) => void;
}) {
  return (
    <Table
      caption="Holds, newest first"
      rows={holds}
      keyOf={({ id }) => id}
      columns={[
        { name: 'Since', cell: ({ created_at: at }) => <Distance at={at} /> },
        { name: 'Call', cell: ({ id }) => <Id id={id} />, onCard: 'head' },
        {
          name: 'Key',
          cell: ({ key_id: id }) => <Id id={id} href={hashOf('keys', {}, id)} />,
          isMinor: true,
        },
        { name: 'Vendor', cell: ({ vendor }) => vendor, isMinor: true },
        {
          name: 'Object',
          cell: ({ object_id: id }) =>
            id === null ? <span class="muted">not known</span> : <Id id={id} />,
          isWide: true,
        },
        {
          name: 'Held',
          cell: ({ held_usd: usd }) => <Usd usd={usd} />,
          isNumber: true,
          onCard: 'end',
        },
        {
          name: 'State',
          cell: ({ state }) => <Badge tone={state === 'unknown' ? 'warn' : 'plain'}>{state}</Badge>,
        },
        ...(may('operator')
          ? [
              {
                name: 'End',
                onCard: 'bare' as const,
                cell: (hold: HoldView) => (
                  <div class="row-actions">
                    <button
                      type="button"
                      class="button button-small"
                      onClick={() => onEnd({ how: 'settle', hold })}
                    >
                      Settle <span class="unseen">the hold of {hold.id}</span>
                    </button>
                    <button
                      type="button"
                      class="button button-small"
                      onClick={() => onEnd({ how: 'release', hold })}
                    >
                      Release <span class="unseen">the hold of {hold.id}</span>
                    </button>
                  </div>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}

function EndDialog({ how, hold, onClose }: Ending & { onClose: () => void }) {
  const [usd, setUsd] = useState(String(hold.held_usd));
  const amount = readUsd(usd, 6);
  const call = useQuery(`call ${hold.id}`, async (signal) => {
    const { entries } = await readAudit({ call_id: hold.id, limit: 10 }, signal);
    return entries.find(({ event }) => event === 'call') ?? null;
  });
  return (
    <ChangeDialog
      title={
        how === 'settle'
          ? 'Settle: the vendor executed it'
          : 'Release: the vendor did not execute it'
      }
      action={how === 'settle' ? 'Settle' : 'Release'}
      isDangerous={how === 'release'}
      isWide
      check={() =>
        how === 'settle' && amount === undefined
          ? 'Say what it cost, in US dollars with at most six decimals.'
          : undefined
      }
      change={(reason) =>
        how === 'settle' ? settleHold(hold.id, amount ?? 0, reason) : releaseHold(hold.id, reason)
      }
      onClose={onClose}
    >
      <div class="beside">
        <div>
          <h3>What the broker knows</h3>
          <Answered result={call} what="The call">
            {(entry) => <CallFacts hold={hold} entry={entry} />}
          </Answered>
        </div>
        <div>
          <h3>What the vendor says now</h3>
          <VendorSays hold={hold} />
        </div>
      </div>
      {how === 'settle' ? (
        <TextField
          label="It cost, in US dollars"
          value={usd}
          onInput={setUsd}
          hint={`${usdText(hold.held_usd)} is held for it.`}
          isRequired
        />
      ) : (
        <p class="blast">
          <strong>{usdText(hold.held_usd)}</strong> goes back to its key and budgets. If the vendor
          did execute the call, that much may be spent twice.
        </p>
      )}
    </ChangeDialog>
  );
}

function CallFacts({ hold, entry }: { hold: HoldView; entry: AuditEntryView | null }) {
  return (
    <Facts
      facts={[
        ['Held', <Usd usd={hold.held_usd} key="held" />],
        ['Sent', <BothTimes at={hold.created_at} key="sent" />],
        ...(entry === null
          ? []
          : ([
              ['Operation', <code key="operation">{`${entry.method} ${entry.path}`}</code>],
              ['Amount', <Amount amount={entry.amount} currency={entry.currency} key="amount" />],
              ['For', subjectText(entry.subject)],
              ['Why unknown', entry.reason],
              ['Vendor’s status', entry.vendor_status],
            ] as const)),
        ['Call', <code key="call">{hold.id}</code>],
      ]}
    />
  );
}
