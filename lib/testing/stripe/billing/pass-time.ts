import type { Execution } from '../endpoint';
import type { Invoice } from './billing-objects';
import { collectNow, nextBilling, renew } from './renew-subscription';

interface Due {
  readonly at: number;
  run(run: Execution): void;
}

function dueDraft(invoice: Invoice): Due[] {
  const at = invoice.automatically_finalizes_at;
  if (invoice.status !== 'draft' || !invoice.auto_advance || at === null) return [];
  return [{ at, run: (run) => void collectNow(run, invoice) }];
}

function nextDue({ account }: Execution): Due | undefined {
  const due: Due[] = account.billing.invoices.all().flatMap(dueDraft);
  for (const subscription of account.billing.subscriptions.all()) {
    const at = nextBilling(subscription);
    if (at !== undefined) due.push({ at, run: (run) => renew(run, subscription) });
  }
  for (const session of account.checkout.sessions.all(({ status }) => status === 'open')) {
    due.push({ at: session.expires_at, run: () => void (session.status = 'expired') });
  }
  return due.sort((a, b) => a.at - b.at)[0];
}

/** Puts an account's clock forward, and does at its instant each thing that falls due. */
export function passTime(run: Execution, seconds: number): void {
  const { account } = run;
  const end = account.now() + seconds;
  for (let due = nextDue(run); due !== undefined && due.at <= end; due = nextDue(run)) {
    account.passTime(Math.max(0, due.at - account.now()));
    due.run(run);
  }
  account.passTime(Math.max(0, end - account.now()));
}
