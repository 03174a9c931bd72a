import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../contract/is-record';
import { linesOf } from '../lines';
import { syncFolder } from '../sync-folder';
import { AuditChain, AuditWalk } from './audit-chain';
import type { AuditVerdict } from './audit-chain';
import { readEntry, writeEntry } from './audit-entry';
import type { AuditEntry, AuditRow } from './audit-entry';
import type { AuditSegmentPage, AuditSegmentView } from './audit-segment';

/** The format of an export, so that a later one can be told from it. */
const FORMAT = 1;
/** How many rows are written at once. */
const WRITE_ROWS = 500;

/** What vouches for an export: the first line of its file. */
type ExportHead = Pick<AuditSegmentView, 'first' | 'last' | 'previous_head' | 'head' | 'seal'>;

/**
 * A row of an export: the fields of an {@link AuditEntry} that have a value, as they are stored (amounts
 * in micro-dollars), and `mac`, the chain's value at the row.
 */
export type ExportedRow = Partial<AuditEntry> & { seq: number; mac: string };

export function exportedRow(entry: AuditEntry, mac: string): ExportedRow {
  const fields = Object.entries(entry).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(fields), seq: entry.seq, mac };
}

/**
 * Writes a segment into a folder, as `audit-<first>-<last>.ndjson`: a line with what vouches for it, then
 * a line a row. The file is whole and on the disk, or not there.
 *
 * @returns The path of the file.
 * @throws Error where the rows are not those of the segment, or the file cannot be written.
 */
export async function writeExport(
  folder: string,
  segment: AuditSegmentView,
  rows: AsyncIterable<ExportedRow>,
): Promise<string> {
  const { first, last, previous_head, head, seal } = segment;
  const file = join(folder, `audit-${first}-${last}.ndjson`);
  // Two exports at once must not write into one draft.
  const draft = `${file}.${randomUUID()}.part`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    let lines = [headLine({ first, last, previous_head, head, seal })];
    const write = async (): Promise<void> => {
      await handle.appendFile(`${lines.join('\n')}\n`);
      lines = [];
    };
    let next = first;
    let mac = previous_head;
    for await (const row of rows) {
      if (row.seq !== next) throw new Error(`row ${next} did not come`);
      next += 1;
      ({ mac } = row);
      lines.push(JSON.stringify(row));
      if (lines.length === WRITE_ROWS) await write();
    }
    if (next !== last + 1 || mac !== head) {
      throw new Error(`the rows that came end with row ${next - 1}, and not as the segment does`);
    }
    if (lines.length > 0) await write();
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(draft, { force: true });
    throw error;
  }
  await handle.close();
  await name(draft, file);
  return file;
}

/** @throws Error where a file of another log has the name: it may be all that is left of its rows. */
async function name(draft: string, file: string): Promise<void> {
  try {
    // Unlike a new name, a link takes no file's place.
    await link(draft, file);
    syncFolder(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await firstLine(draft)) !== (await firstLine(file))) {
      throw new Error(`${file} is there already, and is of another log: use another folder`, {
        cause: error,
      });
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Where segments are exported from. */
export interface SegmentSource {
  /** @param cursor That of the page before; absent for the first one. */
  page(cursor: string | undefined): Promise<AuditSegmentPage>;
  rows(last: number): AsyncIterable<ExportedRow>;
  /** Notes that the export of a segment is kept. */
  confirm(segment: AuditSegmentView): Promise<unknown>;
}

/**
 * Writes each segment that was not exported yet into a folder, and confirms it.
 *
 * @returns The paths of the files, the oldest segment first.
 * @throws Error where one of them could not be exported. All others are, and are confirmed.
 */
export async function exportSegments(
  source: SegmentSource,
  folder: string,
): Promise<{ files: string[] }> {
  const unexported: AuditSegmentView[] = [];
  let cursor: string | undefined;
  do {
    const page = await source.page(cursor);
    unexported.unshift(
      ...page.segments.filter(({ exported_at }) => exported_at === null).toReversed(),
    );
    ({ cursor } = page);
  } while (cursor !== undefined);
  const files: string[] = [];
  const failures: Error[] = [];
  for (const segment of unexported) {
    try {
      const file = await writeExport(folder, segment, source.rows(segment.last));
      await source.confirm(segment);
      files.push(file);
    } catch (error) {
      failures.push(failureOf(error, segment, folder));
    }
  }
  const [failure, ...others] = failures;
  if (failure === undefined) return { files };
  if (failures.length === 1 && files.length === 0) throw failure;
  const rest = others.length === 0 ? '' : `; nor were ${others.length} others`;
  const written = files.length === 0 ? '' : `; ${files.length} others were exported`;
  throw new Error(`${failure.message}${rest}${written}`, { cause: failure });
}

function failureOf(error: unknown, { last }: AuditSegmentView, folder: string): Error {
  const { message } = error as Error;
  return new Error(`the segment up to row ${last} was not exported to ${folder}: ${message}`, {
    cause: error,
  });
}

/**
 * Checks an export: that each row is as it was written, and that no row is missing.
 *
 * @param key The key that its log is chained with.
 * @throws Error where the file is no export, or cannot be read.
 */
export async function verifyExport(file: string, key: string): Promise<AuditVerdict> {
  const chain = new AuditChain(key);
  let walk: AuditWalk | undefined;
  let said: ExportHead | undefined;
  for await (const line of linesOf(createReadStream(file, 'utf8'))) {
    const value = parsed(line, file);
    if (walk === undefined || said === undefined) {
      said = headOf(value, file);
      walk = new AuditWalk(chain, undefined, {
        count: said.first - 1,
        mac: said.previous_head,
        heads: [],
      });
      const { first, last, head, seal, previous_head: previousHead } = said;
      const isSealed = chain.sealSegment({ first, last, head, previousHead }) === seal;
      if (!isSealed || line !== headLine(said)) {
        walk.refuse(first, 'the first line is not what was written, or the key is another one');
      }
      continue;
    }
    const { mac, seq, ...row } = value as unknown as ExportedRow;
    const entry = writeEntry(seq, row as AuditRow);
    if (!walk.take(seq, entry, mac)) break;
    // What no column has, and what is there twice, the chain does not vouch for.
    if (line !== JSON.stringify(exportedRow(readEntry(entry), mac))) {
      walk.refuse(seq, `row ${seq} is not what was written`);
      break;
    }
  }
  if (walk === undefined || said === undefined) throw new Error(`${file} is empty`);
  const stored = { count: said.last, mac: said.head };
  return walk.end({ ...stored, seal: chain.seal(stored) });
}

function headLine({ first, last, previous_head, head, seal }: ExportHead): string {
  return JSON.stringify({ format: FORMAT, segment: { first, last, previous_head, head, seal } });
}

async function firstLine(file: string): Promise<string | undefined> {
  for await (const line of linesOf(createReadStream(file, 'utf8'))) return line;
  return undefined;
}

function parsed(line: string, file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value)) return value;
  } catch {
    // Told below.
  }
  throw new Error(`${file} has a line that is no JSON object`);
}

function headOf({ format, segment }: Record<string, unknown>, file: string): ExportHead {
  if (isRecord(segment) && format !== FORMAT) {
    throw new Error(`${file} is of the format ${String(format)}: this version reads ${FORMAT}`);
  }
  if (isRecord(segment) && Number.isInteger(segment['first']))
    return segment as unknown as ExportHead;
  throw new Error(`${file} does not begin with the line of a segment: it is no export`);
}
