import { countLiveKeys } from '../api/calls';
import type { Query } from '../api/client';
import { useQuery } from '../api/use-query';
import { countText, counted } from '../format/money';
import { Answered } from './states';

/** How many live keys something will hit: told before it is confirmed. */
export function BlastRadius({
  query,
  effect,
}: {
  /** Which keys; `undefined` where that is not known yet. */
  query: Query | undefined;
  /** `Stops` */
  effect: string;
}) {
  const result = useQuery(query === undefined ? undefined : JSON.stringify(query), (signal) =>
    countLiveKeys(query ?? {}, signal),
  );
  if (query === undefined) return <p class="blast muted">Say whom it is about.</p>;
  return (
    <div class="blast" role="status">
      <Answered result={result} what="The live keys">
        {({ count, more, keys }) => (
          <p>
            {effect}{' '}
            <strong>
              {more ? `more than ${countText(count)} live keys` : counted(count, 'live key')}
            </strong>
            {count === 0 ? '. It applies to keys issued later too.' : spread(keys)}
          </p>
        )}
      </Answered>
    </div>
  );
}

function spread(keys: readonly { subject: { user_id?: string; run_id?: string } }[]): string {
  const users = new Set(keys.map(({ subject }) => subject.user_id ?? ''));
  const runs = new Set(keys.map(({ subject }) => subject.run_id ?? ''));
  return `, of ${counted(users.size, 'user')} and ${counted(runs.size, 'agent run')}.`;
}
