import { approvalUrl } from './approvals/approval-view';
import { Approvals } from './approvals/approvals';
import { AuditSegments } from './audit/audit-segments';
import type { BrokerHost } from './broker.host';
import { Raises } from './budgets/raises';
import { Events } from './events/events';
import type { ConfiguredVendors } from './forwarding/configured-vendor';
import { HoldObjects } from './forwarding/hold-objects';
import type { Proxy } from './forwarding/proxy';
import { Holds } from './holds/holds';
import { Leases } from './leases/leases';
import type { Ledger } from './ledger/ledger';
import type { BrokerMetrics } from './metrics/broker-metrics';
import { Operators } from './operators/operators';
import { PageSessions } from './operators/page-sessions';
import { Spend } from './spend/spend';
import { Webhooks } from './webhooks/webhooks';

/** What the parts of a broker are made of. */
export interface BrokerMaterial {
  ledger: Ledger;
  proxy: Proxy;
  vendors: ConfiguredVendors;
  metrics: BrokerMetrics;
  host: BrokerHost;
}

/** The parts of a broker that are asked by themselves. */
export abstract class BrokerParts {
  /** The applications' leases. */
  readonly leases: Leases;
  /** The money that calls have reserved. */
  readonly holds: Holds;
  /** What vendors say of the objects of holds. */
  readonly holdObjects: HoldObjects;
  /** What operators add to the caps of a subject for a while. */
  readonly raises: Raises;
  /** What happens, as it happens. */
  readonly events: Events;
  /** Receivers elsewhere that events are sent to. */
  readonly webhooks: Webhooks;
  /** The segments that the audit log is exported in. */
  readonly auditSegments: AuditSegments;
  /** The log-ins at the page. @internal */
  readonly pageSessions: PageSessions;
  /** The calls that people are asked for, and their answers. */
  readonly approvals: Approvals;
  /**
   * Where operators open the page, with a slash at its end, for links to it; `undefined` where nobody has said.
   *
   * @internal
   */
  pageUrl: string | undefined;
  /** What was spent, by day and subject. */
  readonly spend: Spend;
  /** Who may ask for what, beside the application. */
  readonly operators = new Operators();
  /** What it measures. @internal */
  readonly metrics: BrokerMetrics;

  /** @internal */
  protected constructor({ ledger, proxy, vendors, metrics, host }: BrokerMaterial) {
    this.metrics = metrics;
    this.leases = new Leases(ledger, () => this.checkOpen());
    this.holds = new Holds(ledger);
    this.holdObjects = new HoldObjects(ledger, vendors.byName);
    this.raises = new Raises(ledger);
    this.auditSegments = new AuditSegments(ledger);
    this.pageSessions = new PageSessions(ledger);
    this.approvals = new Approvals(ledger);
    const urlOf = (id: string): string | undefined => approvalUrl(this.pageUrl, id);
    proxy.approvalUrl = urlOf;
    this.spend = new Spend(ledger);
    this.events = new Events(ledger.logRows);
    this.events.feed.approvalUrl = urlOf;
    this.webhooks = new Webhooks({
      feed: this.events.feed,
      states: ledger.webhooks,
      log: host.log,
      times: host.webhookTimes,
    });
  }

  /** @throws BrokerRefusal 503 where it is closed, or about to be. @internal */
  protected abstract checkOpen(): void;
}
