import { fieldsOf, unknownFields } from '../known-fields';
import type { Ledger } from '../ledger/ledger';
import type { PageRequest } from '../ledger/records';
import { APP_CODE } from '../operators/actor';
import type { Actor } from '../operators/actor';
import { DEFAULT_LIMIT, checkPage } from '../page';
import { invalidFields } from '../refusal';
import { exportedRow, exportSegments } from './audit-export';
import type { ExportedRow } from './audit-export';
import { auditSegmentView } from './audit-segment';
import type { AuditSegmentPage, AuditSegmentView } from './audit-segment';

const HEAD = /^[0-9a-f]{64}$/;

/**
 * The segments of the audit log. A segment is cut each day (UTC), or on demand. Once an export of it is
 * confirmed and the retention is over, its rows leave the store; a verification begins after them.
 */
export class AuditSegments {
  /** @internal */
  constructor(private readonly ledger: Ledger) {}

  /**
   * The newest first.
   *
   * @throws BrokerRefusal 422 where the page is asked for with an invalid limit or cursor.
   */
  async list(page: PageRequest): Promise<AuditSegmentPage> {
    checkPage(page);
    const { entries, next } = await this.ledger.auditSegments.list(page);
    return {
      segments: entries.map(auditSegmentView),
      ...(next === undefined ? {} : { cursor: next }),
    };
  }

  /**
   * Cuts the log at its last row.
   *
   * @throws BrokerRefusal 422 where that row is in a segment already, or 503.
   */
  async cut(by: Actor = APP_CODE): Promise<AuditSegmentView> {
    return auditSegmentView(await this.ledger.auditSegments.cut({ by }));
  }

  /**
   * The rows of a segment, the oldest first.
   *
   * @param last The number of its last row.
   * @throws BrokerRefusal 404 where there is no such segment, or its rows have left.
   */
  async *rows(last: number): AsyncGenerator<ExportedRow> {
    const { rows } = await this.ledger.auditSegments.open(last);
    for await (const { entry, mac } of rows) yield exportedRow(entry, mac);
  }

  /**
   * Notes that an export of a segment is kept: its rows may leave the store.
   *
   * @param body What `POST /v1/audit/segments/{last}/confirm` takes: the `head` that the export ends with.
   * @throws BrokerRefusal 404, 422, or 503.
   */
  async confirm(last: number, body: unknown, by: Actor = APP_CODE): Promise<AuditSegmentView> {
    const { head, ...others } = fieldsOf(body) as { head?: unknown };
    const faults = unknownFields(others, ['head']);
    if (typeof head !== 'string' || !HEAD.test(head)) {
      faults.push({
        field: 'head',
        message: 'must be the head of the segment: 64 hexadecimal digits',
      });
    }
    if (faults.length > 0) throw invalidFields(faults);
    return auditSegmentView(await this.ledger.auditSegments.confirm(last, head as string, { by }));
  }

  /**
   * Writes each segment that was not exported yet into a folder, and confirms it.
   *
   * @returns The paths of the files, the oldest segment first.
   * @throws Error where a file cannot be written. What was written before is confirmed.
   */
  export(folder: string): Promise<{ files: string[] }> {
    return exportSegments(
      {
        page: (cursor) =>
          this.list({ limit: DEFAULT_LIMIT, ...(cursor === undefined ? {} : { cursor }) }),
        rows: (last) => this.rows(last),
        confirm: ({ last, head }) => this.confirm(last, { head }),
      },
      folder,
    );
  }
}
