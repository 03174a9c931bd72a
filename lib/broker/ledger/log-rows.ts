import type { LogSlice, LogTail } from '../events/log-tail';
import type { Store } from './store';

/** The end of a store's audit log, as it grows. */
export class LogRows implements LogTail {
  onWritten: (() => void) | undefined;

  constructor(private readonly store: Store) {}

  /** A batch of this process is durable. */
  written(): void {
    this.onWritten?.();
  }

  now(): number {
    return this.store.now();
  }

  async after(row: number, limit: number): Promise<LogSlice> {
    return (await this.store.auditLog()).after(row, limit);
  }

  async lastRow(): Promise<number> {
    return (await this.store.auditLog()).lastRow();
  }

  get isFailing(): boolean {
    return this.store.isFailing;
  }
}
