import { toUsd } from '../../contract/usd';
import type { MicroUsd } from '../../contract/usd';

/** What is undone, as the management API shows it: where anything is. */
export function undoneView(micros: MicroUsd | null): { undone_usd?: number } {
  return micros === null || micros === 0 ? {} : { undone_usd: toUsd(micros) };
}
