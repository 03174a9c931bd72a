import { useState } from 'preact/hooks';
import { liftBrake, readBrakes } from '../api/calls';
import { may } from '../api/session';
import { useQuery } from '../api/use-query';
import type { BrakeView } from '../api/views';
import { hashOf } from '../app/routes';
import { countText, counted } from '../format/money';
import { ChangeDialog } from '../parts/change-form';
import { Panel, ViewHead } from '../parts/panel';
import { Answered, Empty } from '../parts/states';
import { Table } from '../parts/table';
import { Distance, Instant } from '../parts/time';
import { scopeWord } from '../words/names';
import { BrakeDialog } from './brake-dialog';

/** Who is stopped. */
export function BrakesView() {
  const result = useQuery('brakes', readBrakes);
  const [isPutting, setPutting] = useState(false);
  const [lifting, setLifting] = useState<BrakeView>();
  return (
    <>
      <ViewHead
        title="Brakes"
        about="A brake stops new keys and calls with the keys that live, until it is lifted."
        actions={
          may('operator') && (
            <button type="button" class="button button-danger" onClick={() => setPutting(true)}>
              Put a brake
            </button>
          )
        }
      />
      <Panel title="Active brakes" isFlush>
        <Answered result={result} what="The brakes">
          {({ brakes }) =>
            brakes.length === 0 ? (
              <Empty title="Nobody is stopped.">
                Put a brake where an agent does what it should not: it works at once.
              </Empty>
            ) : (
              <Table
                caption="Active brakes"
                rows={brakes}
                keyOf={({ id }) => id}
                columns={[
                  {
                    name: 'Stops',
                    cell: (brake) => <Stopped brake={brake} />,
                    isWide: true,
                    onCard: 'bare',
                  },
                  { name: 'Reason', cell: ({ reason }) => reason, isWide: true, onCard: 'bare' },
                  { name: 'By', cell: ({ set_by: by }) => by ?? '–' },
                  { name: 'Since', cell: ({ created_at: at }) => <Instant at={at} /> },
                  {
                    name: 'Until',
                    cell: ({ expires_at: at }) =>
                      at === undefined ? 'lifted' : <Distance at={at} />,
                  },
                  {
                    name: 'Keys hit',
                    cell: ({ hit }) => (hit === null ? 'counting' : countText(hit)),
                    isNumber: true,
                  },
                  ...(may('operator')
                    ? [
                        {
                          name: 'Change',
                          onCard: 'bare' as const,
                          cell: (brake: BrakeView) => (
                            <button
                              type="button"
                              class="button button-small"
                              onClick={() => setLifting(brake)}
                            >
                              Lift <span class="unseen">the brake on {stoppedText(brake)}</span>
                            </button>
                          ),
                        },
                      ]
                    : []),
                ]}
              />
            )
          }
        </Answered>
      </Panel>
      {isPutting && <BrakeDialog onClose={() => setPutting(false)} />}
      {lifting !== undefined && (
        <ChangeDialog
          title={`Lift the brake on ${stoppedText(lifting)}`}
          action="Lift"
          change={(reason) => liftBrake(lifting.id, reason)}
          onClose={() => setLifting(undefined)}
        >
          <p class="blast">
            {lifting.hit === null
              ? 'All keys it has stopped'
              : `It hit ${counted(lifting.hit, 'live key')}; those that still live`}{' '}
            may spend again at once, within their caps.
          </p>
        </ChangeDialog>
      )}
    </>
  );
}

function Stopped({ brake }: { brake: BrakeView }) {
  const { scope, target = '', tenant_id } = brake;
  if (scope === 'all') return <strong>Everything</strong>;
  const href =
    scope === 'key'
      ? hashOf('keys', {}, target)
      : hashOf('subject', {
          tenant_id,
          [{ tenant: 'tenant_id', user: 'user_id', run: 'run_id', tool: 'tool', vendor: 'vendor' }[
            scope
          ]]: target,
        });
  return <a href={href}>{stoppedText(brake)}</a>;
}

function stoppedText({ scope, target = '', tenant_id }: BrakeView): string {
  if (scope === 'all') return 'everything';
  return `${scopeWord(scope)} ${target}${tenant_id === undefined ? '' : ` of tenant ${tenant_id}`}`;
}
