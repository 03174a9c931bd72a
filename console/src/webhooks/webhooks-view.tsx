import { useEffect, useState } from 'preact/hooks';
import { readWebhooks, replayEvent, resumeWebhook } from '../api/calls';
import { ApiFault } from '../api/fault';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { WebhookView } from '../api/views';
import { hashOf } from '../app/routes';
import { counted } from '../format/money';
import { now } from '../format/zone';
import { ChangeDialog } from '../parts/change-form';
import { TextField } from '../parts/form';
import { Facts, Panel, ViewHead } from '../parts/panel';
import { Answered, Badge, Empty, Note } from '../parts/states';
import { Distance, Instant } from '../parts/time';
import { Table } from '../parts/table';

const ASK_MS = 1_500;
const TONES = { active: 'good', behind: 'warn', stopped: 'bad' } as const;

interface Replaying {
  webhook: WebhookView;
  /** Of an event that was chosen; absent where it is still to be said. */
  id?: string;
}

/** The receivers elsewhere: what reaches them, and what does not. */
export function WebhooksView() {
  const result = useQuery('webhooks', readWebhooks);
  // That an event has arrived is no event itself.
  useEffect(() => {
    const timer = setInterval(result.reload, ASK_MS);
    return () => clearInterval(timer);
  }, []);
  const [resuming, setResuming] = useState<WebhookView>();
  const [replaying, setReplaying] = useState<Replaying>();
  const [done, setDone] = useState<string>();
  return (
    <>
      <ViewHead
        title="Webhooks"
        about="Receivers that are sent what happens. What does not arrive is tried for 3 days, then it waits here to be replayed."
        actions={
          <a class="button" href={hashOf('audit', { event: 'webhook' })}>
            In the audit log
          </a>
        }
      />
      <div role="status">{done !== undefined && <Note tone="good">{done}</Note>}</div>
      <Answered result={result} what="The webhooks">
        {({ webhooks }) =>
          webhooks.length === 0 ? (
            <Panel title="Webhooks">
              <Empty title="There is no webhook.">
                They are named in the configuration: <code>webhooks</code>, with a URL and a secret.
              </Empty>
            </Panel>
          ) : (
            webhooks.map((webhook) => (
              <WebhookPanel
                key={webhook.name}
                webhook={webhook}
                onResume={() => setResuming(webhook)}
                onReplay={(id) => setReplaying({ webhook, ...(id === undefined ? {} : { id }) })}
              />
            ))
          )
        }
      </Answered>
      {resuming !== undefined && (
        <ChangeDialog
          title={`Resume webhook ${resuming.name}`}
          action="Resume"
          hasReason={false}
          change={async () => {
            await resumeWebhook(resuming.name);
            setDone(`Webhook ${resuming.name} is sent events again.`);
          }}
          onClose={() => setResuming(undefined)}
        >
          <p>
            {resuming.origin} has answered 410: it wants no more. Resumed, it is sent what waits for
            it, in order. Where it answers 410 again, it is stopped again.
          </p>
        </ChangeDialog>
      )}
      {replaying !== undefined && (
        <ReplayDialog {...replaying} onDone={setDone} onClose={() => setReplaying(undefined)} />
      )}
    </>
  );
}

function WebhookPanel({
  webhook,
  onResume,
  onReplay,
}: {
  webhook: WebhookView;
  onResume: () => void;
  onReplay: (id?: string) => void;
}) {
  const { name, origin, status, parked, next_attempt_at: next } = webhook;
  return (
    <Panel title={name} aside={<Badge tone={TONES[status]}>{status}</Badge>}>
      {status === 'stopped' && (
        <Note tone="bad">
          Its receiver has answered 410, so it is sent nothing until somebody resumes it.
        </Note>
      )}
      {status === 'behind' && (
        <Note tone="warn">
          {counted(webhook.subjects_behind, 'subject')}{' '}
          {webhook.subjects_behind === 1 ? 'waits' : 'wait'} for an event that has failed (
          {webhook.last_failure ?? 'no answer'}).{' '}
          {next === undefined || Date.parse(next) <= now.value ? (
            'It is being tried again.'
          ) : (
            <>
              It is tried again <Distance at={next} />.
            </>
          )}
        </Note>
      )}
      <Facts
        facts={[
          ['Sent to', origin],
          ['Not sent yet', `${counted(webhook.rows_ahead, 'row')} of the audit log`],
          ['Did not arrive', counted(parked.length, 'event')],
          ['Stopped', webhook.stopped_at !== undefined && <Distance at={webhook.stopped_at} />],
        ]}
      />
      <p class="hint">
        Is sent {webhook.events.map((kind) => kind.replaceAll('_', ' ')).join(', ')}.
      </p>
      {parked.length > 0 && (
        <Table
          caption={`Events of ${name} that did not arrive`}
          rows={parked}
          keyOf={({ id }) => id}
          columns={[
            { name: 'Event', cell: ({ id }) => id, isNumber: true },
            { name: 'Kind', cell: ({ kind }) => kind.replaceAll('_', ' ') },
            { name: 'Given up', cell: ({ parked_at: at }) => <Instant at={at} /> },
            { name: 'Why', cell: ({ reason }) => reason, isWide: true, onCard: 'bare' },
            ...(may('operator')
              ? [
                  {
                    name: 'Replay',
                    cell: ({ id }: { id: string }) => (
                      <button
                        type="button"
                        class="button button-small"
                        onClick={() => onReplay(id)}
                      >
                        Replay <span class="unseen">event {id}</span>
                      </button>
                    ),
                    onCard: 'right' as const,
                  },
                ]
              : []),
          ]}
        />
      )}
      {may('operator') && (
        <div class="decide">
          <button type="button" class="button" onClick={() => onReplay()}>
            Replay an event
          </button>
          {status === 'stopped' && (
            <button type="button" class="button button-main" onClick={onResume}>
              Resume
            </button>
          )}
        </div>
      )}
    </Panel>
  );
}

/** Sends one event once more, and says whether it has arrived. */
function ReplayDialog({
  webhook: { name, origin },
  id: chosen,
  onDone,
  onClose,
}: Replaying & { onDone: (done: string) => void; onClose: () => void }) {
  const [id, setId] = useState(chosen ?? '');
  return (
    <ChangeDialog
      title={`Replay an event to ${name}`}
      action="Replay"
      hasReason={false}
      check={() => (id.trim() === '' ? 'Say which event.' : undefined)}
      change={async () => {
        const event = id.trim();
        const { outcome, reason, receiver_status: status } = await replayEvent(name, event);
        if (outcome === 'failed') {
          const why = reason ?? (status === undefined ? 'no answer' : `${status}`);
          throw new ApiFault(502, 'not_delivered', `Event ${event} did not arrive: ${why}.`);
        }
        onDone(`Event ${event} has arrived at ${name}.`);
      }}
      onClose={onClose}
    >
      <p>
        It is sent to {origin} once, now, out of order. Its receiver has to know by{' '}
        <code>webhook-id</code> what it has already.
      </p>
      <TextField
        label="Id of the event"
        value={id}
        onInput={setId}
        hint="The number of its row in the audit log; rows of the last 10 days can be replayed."
        isRequired
      />
    </ChangeDialog>
  );
}
