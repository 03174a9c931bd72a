import { readFileSync } from 'node:fs';
import { exportSegments, verifyExport } from '../../audit/audit-export';
import type { ExportedRow, SegmentSource } from '../../audit/audit-export';
import type { AuditSegmentPage, AuditSegmentView } from '../../audit/audit-segment';
import type { AuditVerdict } from '../../audit/audit-chain';
import { BadUsage, onlyWith, operandsOf, pageOf, queryOf } from '../command';
import type { CommandInput, CommandResult } from '../command';
import { ManagementApiError } from '../management-api';
import { auditKeyIn } from '../secret-settings';
import { instant } from '../table';
import type { Column } from '../table';

const COLUMNS: readonly Column<AuditSegmentView>[] = [
  { title: 'FIRST', text: ({ first }) => String(first), right: true },
  { title: 'LAST', text: ({ last }) => String(last), right: true },
  { title: 'SEALED', text: ({ sealed_at }) => instant(sealed_at) },
  {
    title: 'EXPORTED',
    text: ({ exported_at }) => (exported_at === null ? '' : instant(exported_at)),
  },
  { title: 'LEFT', text: ({ left_at }) => (left_at === null ? '' : instant(left_at)) },
  { title: 'HEAD', text: ({ head }) => head, shrinks: true },
];
const PATH = '/v1/audit/segments';

/** Lists the segments of the audit log. */
export function listSegments({ api, options }: CommandInput): Promise<CommandResult> {
  onlyWith(options, 'audit segments', ['limit', 'cursor']);
  return pageOf(api, {
    path: PATH,
    options,
    names: { limit: 'limit', cursor: 'cursor' },
    rowsOf: (page: AuditSegmentPage) => page.segments,
    columns: COLUMNS,
  });
}

/** Cuts the audit log at its last row. */
export async function cutLog({ api, options }: CommandInput): Promise<CommandResult> {
  onlyWith(options, 'audit cut', []);
  const json = await api.call<AuditSegmentView>('POST', PATH);
  return { json, text: `rows ${json.first} to ${json.last} are a segment now\n` };
}

/** Writes each segment that was not exported yet into a folder, and says so to the broker. */
export async function exportLog(
  { api, options }: CommandInput,
  rest: readonly string[],
): Promise<CommandResult> {
  onlyWith(options, 'audit export', []);
  const [folder = ''] = operandsOf(rest, 'FOLDER');
  const source: SegmentSource = {
    page: (cursor) =>
      api.call('GET', PATH + queryOf(cursor === undefined ? {} : { cursor }, { cursor: 'cursor' })),
    rows: (last) => api.lines(`${PATH}/${last}/rows`) as AsyncIterable<ExportedRow>,
    confirm: ({ last, head }) => api.call('POST', `${PATH}/${last}/confirm`, { head }),
  };
  try {
    const json = await exportSegments(source, folder);
    const { files } = json;
    return {
      json,
      text: files.length === 0 ? 'every segment is exported already\n' : `${files.join('\n')}\n`,
    };
  } catch (error) {
    if (error instanceof ManagementApiError) throw error;
    throw new ManagementApiError((error as Error).message);
  }
}

/** Checks the file of an export. No broker is asked. */
export async function checkExport(
  { options, env }: CommandInput,
  rest: readonly string[],
): Promise<CommandResult> {
  onlyWith(options, 'audit check', ['audit-key']);
  const [file = ''] = operandsOf(rest, 'FILE');
  const keyFile = options['audit-key'];
  const key = keyFile === undefined ? auditKeyIn(env) : keyIn(keyFile);
  if (key === undefined) {
    throw new BadUsage('--audit-key FILE is missing, and VAULT_KEY_AUDIT_KEY is not set');
  }
  try {
    return verdictResult(await verifyExport(file, key));
  } catch (error) {
    throw new ManagementApiError((error as Error).message);
  }
}

/** What a check of the log, or of an export of it, came to. */
export function verdictResult(json: AuditVerdict): CommandResult {
  return json.ok
    ? { json, text: `${json.entries} rows hold\nhead ${json.head}\n` }
    : { json, text: `row ${json.seq} does not hold: ${json.reason}\n`, ok: false };
}

function keyIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new BadUsage(`--audit-key ${file} cannot be read: ${(error as Error).message}`);
  }
}
