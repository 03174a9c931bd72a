import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { session } from '../api/session';
import { ApprovalsView } from '../approvals/approvals-view';
import { AuditView } from '../audit/audit-view';
import { BrakesView } from '../brakes/brakes-view';
import { BudgetsView } from '../budgets/budgets-view';
import { CallsView } from '../calls/calls-view';
import { HoldsView } from '../holds/holds-view';
import { KeysView } from '../keys/keys-view';
import { NowView } from '../now/now-view';
import { waiting } from '../now/waiting';
import { Dialog } from '../parts/dialog';
import { SpendView } from '../spend/spend-view';
import { SubjectView } from '../subject/subject-view';
import { WebhooksView } from '../webhooks/webhooks-view';
import { Frame } from './frame';
import { LogInForm } from './log-in-form';
import { Mark } from './mark';
import { route } from './route';
import type { Route, View } from './routes';

const SHOWN: Readonly<Record<View, ComponentType<{ at: Route }>>> = {
  now: NowView,
  spend: SpendView,
  subject: SubjectView,
  calls: CallsView,
  approvals: ApprovalsView,
  budgets: BudgetsView,
  brakes: BrakesView,
  holds: HoldsView,
  keys: KeysView,
  webhooks: WebhooksView,
  audit: AuditView,
};
const NAMES: Readonly<Record<View, string>> = {
  now: 'Now',
  spend: 'Spend',
  subject: 'Subject',
  calls: 'Calls',
  approvals: 'Approvals',
  budgets: 'Budgets',
  brakes: 'Brakes',
  holds: 'Unknown holds',
  keys: 'Keys',
  webhooks: 'Webhooks',
  audit: 'Audit',
};

/** The page. */
export function App() {
  const { state } = session.value;
  const at = route.value;
  const Shown = SHOWN[at.view];
  const isFirst = useRef(true);
  const { approvals, holds } = waiting.value;
  useEffect(() => {
    const count = approvals + holds;
    document.title = `${count > 0 ? `(${count}) ` : ''}${NAMES[at.view]} · Vault keys`;
  }, [at.view, approvals, holds]);
  useEffect(() => {
    // To who cannot see it, a view that was chosen is told by its head.
    if (!isFirst.current) document.querySelector<HTMLElement>('main h1')?.focus();
    isFirst.current = false;
  }, [at.view, at.id]);
  if (state === 'asking') {
    return (
      <main class="log-in">
        <p role="status">Asking the broker …</p>
      </main>
    );
  }
  if (state === 'out') {
    return (
      <main class="log-in">
        <div class="panel">
          <Mark />
          <h1>Vault keys</h1>
          <p class="about">What agents spend, and who stops them.</p>
          <LogInForm />
        </div>
      </main>
    );
  }
  return (
    <>
      <Frame>
        <Shown at={at} key={`${at.view}/${at.id ?? ''}`} />
      </Frame>
      {state === 'ended' && (
        <Dialog title="Your session has ended">
          <div class="dialog-body">
            <p>What you have typed is still there. Nothing was sent since.</p>
            <LogInForm />
          </div>
        </Dialog>
      )}
    </>
  );
}
