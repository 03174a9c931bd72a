import { auditKeyFault, acceptedDoubtsFault, parseStore } from '../../broker.options';
import { AcceptedDoubts } from '../../ledger/store-doubt';
import type { StoreDoubt } from '../../ledger/store-doubt';
import type { MoveSummary } from '../../ledger/transfer/store-move';
import { BadUsage } from '../command';
import type { CommandInput, CommandResult } from '../command';
import { ManagementApiError } from '../management-api';
import { auditKeyIn } from '../secret-settings';
import { table } from '../table';

/** Moves a store from a SQLite file to PostgreSQL, without a broker. */
export async function moveFrom(
  from: string,
  { options, env }: CommandInput,
): Promise<CommandResult> {
  const source = parseStore(from);
  if (!('file' in source) || source.file === ':memory:') {
    throw new BadUsage('--from must be a store in a file, such as sqlite:./vault-key.db');
  }
  const { to = '' } = options;
  const target = parseStore(to);
  if (!('url' in target)) {
    throw new BadUsage(
      '--to must be a store in PostgreSQL, such as postgres://app@localhost/ledger',
    );
  }
  const auditKey = auditKeyIn(env);
  const fault = auditKey === undefined ? undefined : auditKeyFault(auditKey);
  if (fault !== undefined) throw new BadUsage(`VAULT_KEY_AUDIT_KEY ${fault}`);
  const accepted = options['accept-store']?.split(',') as StoreDoubt[] | undefined;
  const acceptedAre = accepted === undefined ? undefined : acceptedDoubtsFault(accepted);
  if (acceptedAre !== undefined) throw new BadUsage(`--accept-store ${acceptedAre}`);
  // Loaded where it is needed alone: it takes longer than all that other commands do.
  const { moveStore } = await import('../../ledger/transfer/store-move.js');
  try {
    const summary = await moveStore(source.file, target.url, {
      auditKey,
      doubts: new AcceptedDoubts(accepted),
      log: (line) => void process.stderr.write(`vault-key-broker migrate: ${line}\n`),
    });
    return { json: summary, text: textOf(summary, auditKey) };
  } catch (error) {
    throw new ManagementApiError((error as Error).message);
  }
}

function textOf(summary: MoveSummary, auditKey: string | undefined): string {
  const { from, to, wasThere, rows, holds, segments, audit } = summary;
  const lines = Object.entries(rows);
  const counts = table(
    [
      { title: 'ROWS', text: ([, count]) => String(count), right: true },
      { title: 'OF', text: ([name]) => name },
    ],
    lines,
  );
  const key =
    auditKey === undefined
      ? `what ${from}.audit-key holds as VAULT_KEY_AUDIT_KEY`
      : 'the same VAULT_KEY_AUDIT_KEY';
  return [
    `${from} ${wasThere ? 'had moved' : 'has moved'} to ${to}${wasThere ? ' before: nothing was left to do' : ''}.`,
    '',
    counts,
    `Of the holds ${holds.settled} are settled, ${holds.released} released and ${holds.unknown} unknown.`,
    'Calls that were in flight are among the unknown ones.',
    `Of the audit segments ${segments.exported} were exported, and the rows of ${segments.left} have left the store.`,
    ...(wasThere
      ? []
      : ['Every count is the same there, and each balance is the sum of its holds.']),
    audit.ok
      ? audit.head === ''
        ? 'The audit log has no rows yet.'
        : `The audit log verifies on both sides, head ${audit.head}.`
      : `The audit log does not verify, as before: ${audit.reason}.`,
    '',
    `Start the brokers on the new store, with ${key}.`,
    `${from} keeps its contents and is marked as moved: no broker starts on it any more.`,
    '',
  ].join('\n');
}
