import { hashOf } from '../app/routes';
import type { Route } from '../app/routes';
import { FilterBar } from '../parts/filter-bar';
import { Panel, ViewHead } from '../parts/panel';
import { CallList } from './call-list';

const RESULTS = [
  ['', 'All'],
  ['settled', 'Settled'],
  ['released', 'Released'],
  ['unknown', 'Unknown'],
  ['cap_exhausted', 'Refused: cap exhausted'],
  ['braked', 'Refused: braked'],
  ['endpoint_not_allowed', 'Refused: endpoint not allowed'],
  ['approval_required', 'Refused: approval required'],
  ['amount_unknown', 'Refused: amount unknown'],
  ['parameter_not_allowed', 'Refused: parameter not allowed'],
  ['limit_exceeded', 'Refused: limit exceeded'],
  ['rate_limited', 'Refused: rate limited'],
] as const;

/** Every call, as it ends or is refused. */
export function CallsView({ at }: { at: Route }) {
  const { params } = at;
  return (
    <>
      <ViewHead
        title="Calls"
        about="As they end or are refused. Press a result for all that is known of the call."
        actions={
          <a class="button" href={hashOf('audit', params)}>
            The whole audit log
          </a>
        }
      />
      <FilterBar
        params={params}
        filters={[
          {
            name: 'event',
            label: 'Show',
            choices: [
              ['', 'All calls'],
              ['call', 'Admitted'],
              ['refusal', 'Refused'],
            ],
          },
          { name: 'verdict', label: 'Result', choices: RESULTS },
          { name: 'tenant_id', label: 'Tenant' },
          { name: 'user_id', label: 'User' },
          { name: 'run_id', label: 'Agent run' },
          { name: 'tool', label: 'Tool' },
          { name: 'vendor', label: 'Vendor' },
          { name: 'key_id', label: 'Key' },
        ]}
      />
      <Panel title="Calls" isFlush>
        <CallList query={params} />
      </Panel>
    </>
  );
}
