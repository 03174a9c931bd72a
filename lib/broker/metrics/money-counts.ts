import type { AuditRow } from '../audit/audit-entry';
import type { MicroUsd } from '../../contract/usd';
import { BatchNotes } from '../ledger/batch-notes';

/** What the calls to one account have come to. */
export interface MoneySums {
  spent: MicroUsd;
  /** What a later answer lowered: it was counted as spent before. */
  givenBack: MicroUsd;
  /** What refunds took back of their own subject's spend. */
  undone: MicroUsd;
}

/** What one row of the audit log says of money. */
type Note =
  | { vendor: string; refused: string; micros: MicroUsd }
  | { vendor: string; settled: MicroUsd; undone: MicroUsd };

/**
 * Dollars since the process began, as its rows of the audit log say: spent less given back is what its
 * balances have gained. A row counts once its batch is written.
 */
export class MoneyCounts {
  readonly #sums = new Map<string, MoneySums>();
  readonly #refused = new Map<string, Map<string, MicroUsd>>();
  readonly #notes = new BatchNotes<Note>();

  /** A row is a part of the batch that is being decided. */
  logged(row: AuditRow, more: Partial<AuditRow> = {}): void {
    const vendor = more.vendor ?? row.vendor ?? '';
    if (row.event === 'refusal') {
      const micros = more.requested_micros ?? row.requested_micros ?? 0;
      const refused = more.verdict ?? row.verdict ?? '';
      if (micros !== 0) this.#notes.add({ vendor, refused, micros });
      return;
    }
    const settled = more.settled_micros ?? row.settled_micros ?? 0;
    const undone = more.undone_micros ?? row.undone_micros ?? 0;
    if (settled !== 0 || undone !== 0) this.#notes.add({ vendor, settled, undone });
  }

  sent(): void {
    this.#notes.sent();
  }

  written(): void {
    for (const note of this.#notes.written()) {
      if ('refused' in note) this.#refuse(note.vendor, note.refused, note.micros);
      else this.#settle(note.vendor, note.settled, note.undone);
    }
  }

  undone(): void {
    this.#notes.undone();
  }

  lost(): void {
    this.#notes.lost();
  }

  /** By the account's name. */
  get byVendor(): ReadonlyMap<string, Readonly<MoneySums>> {
    return this.#sums;
  }

  /** What refused calls asked for, by the account's name and the code of the refusal. */
  get refused(): { vendor: string; verdict: string; micros: MicroUsd }[] {
    return [...this.#refused].flatMap(([vendor, byVerdict]) =>
      [...byVerdict].map(([verdict, micros]) => ({ vendor, verdict, micros })),
    );
  }

  #settle(vendor: string, settled: MicroUsd, undone: MicroUsd): void {
    const sums = this.#sums.get(vendor) ?? { spent: 0, givenBack: 0, undone: 0 };
    this.#sums.set(vendor, sums);
    if (settled > 0) sums.spent += settled;
    else sums.givenBack -= settled;
    sums.undone += undone;
  }

  #refuse(vendor: string, verdict: string, micros: MicroUsd): void {
    const byVerdict = this.#refused.get(vendor) ?? new Map<string, MicroUsd>();
    this.#refused.set(vendor, byVerdict.set(verdict, (byVerdict.get(verdict) ?? 0) + micros));
  }
}
