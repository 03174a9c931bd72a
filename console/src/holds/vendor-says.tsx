import { useMemo } from 'preact/hooks';
import { readVendorObject } from '../api/calls';
import { asFault } from '../api/fault';
import { useQuery } from '../api/use-query';
import type { HoldView } from '../api/views';
import { minorText } from '../format/money';
import { Facts } from '../parts/panel';
import { Answered, Note } from '../parts/states';
import { BothTimes } from '../parts/time';

const AMOUNTS: readonly (readonly [field: string, name: string])[] = [
  ['amount', 'Amount'],
  ['amount_received', 'Received'],
  ['amount_capturable', 'Can be captured'],
  ['amount_captured', 'Captured'],
  ['amount_refunded', 'Refunded'],
];

/** What the vendor says of a hold's object, read at this moment and once. */
export function VendorSays({ hold }: { hold: HoldView }) {
  const isKnown = hold.object_id !== null;
  const read = useMemo(() => readOnce(hold.id), [hold.id]);
  const result = useQuery(isKnown ? `object ${hold.id}` : undefined, read);
  if (!isKnown) {
    return (
      <Note tone="plain">
        Its answer would have named the object, so the broker cannot look it up. Look in the
        vendor’s dashboard for the amount and the time beside this.
      </Note>
    );
  }
  return (
    <Answered result={result} what="The object">
      {(answer) => {
        if ('fault' in answer) return <Note tone="warn">{answer.fault}</Note>;
        const { found } = answer;
        const currency = typeof found['currency'] === 'string' ? found['currency'] : 'usd';
        const created = typeof found['created'] === 'number' ? found['created'] : undefined;
        return (
          <Facts
            facts={[
              ['Object', <code key="id">{answer.object_id}</code>],
              ['Status', textOf(found['status'])],
              ...AMOUNTS.map(([field, name]) => {
                const amount = found[field];
                return [
                  name,
                  typeof amount === 'number' ? minorText(amount, currency) : undefined,
                ] as const;
              }),
              ['Customer', textOf(found['customer'])],
              [
                'Created',
                created !== undefined && <BothTimes at={new Date(created * 1_000).toISOString()} />,
              ],
            ]}
          />
        );
      }}
    </Answered>
  );
}

type Said = { object_id: string; found: Readonly<Record<string, unknown>> } | { fault: string };

/** The vendor is not asked again each second. */
function readOnce(id: string): (signal: AbortSignal) => Promise<Said> {
  let said: Promise<Said> | undefined;
  return (signal) =>
    (said ??= readVendorObject(id, signal).then(
      ({ object_id, found, message = 'It could not be read.' }): Said =>
        found === null ? { fault: message } : { object_id, found },
      (error: unknown): Said => {
        const fault = asFault(error);
        if (fault.status === 401 || fault.status === 0) {
          said = undefined;
          throw error;
        }
        return { fault: fault.message };
      },
    ));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
