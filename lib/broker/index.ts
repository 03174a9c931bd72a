export { Broker } from './broker';
export type { Approvals } from './approvals/approvals';
export type { ApprovalPage, ApprovalView } from './approvals/approval-view';
export type { ShownParameter } from './approvals/approval';
export type { AuditPage } from './audit/audit-view';
export type { BrokerHost } from './broker.host';
export type { Log, LogLevel } from './log';
export type { BrokerParts } from './broker-parts';
export type { HoldPage, Holds } from './holds/holds';
export type { Leases } from './leases/leases';
export type { HoldObjects, VendorObjectView } from './forwarding/hold-objects';
export type { IssuedKeyBody, KeyPage, RevokedKeyBody } from './keys/keys';
export type { IsGone } from './keys/request-id';
export type { ProxyAnswer, ProxyCall, StreamedBody } from './forwarding/proxy-answer';
export { BrokerOptionsError } from './broker.options';
export type {
  BrokerLimitOptions,
  BrokerOptions,
  OptionIssue,
  ReloadOptions,
} from './broker.options';
export type { DocumentOptions } from './document.options';
export type { AddedLater } from './pricing/configured-prices';
export type { VendorOptions } from './accounts/account';
export type { SecretOptions } from './accounts/secrets';
export type { BodyLimitOptions, PriceOptions, VendorRules } from './vendor.options';
export type { Actor, OperatorRole } from './operators/actor';
export type { OperatorOptions } from './operators/operator.options';
export type { Operators } from './operators/operators';
export { BrokerRefusal } from './refusal';
export type { FieldIssue } from './refusal';
export type { Events } from './events/events';
export type {
  ApprovalEvent,
  BrakeEvent,
  BrokerEvent,
  BudgetEvent,
  CallEvent,
  EventKind,
  EventOf,
  EventOfCall,
  EventOfChange,
  EventOfKey,
  FailedStoreEvent,
  IssueEvent,
  LiftEvent,
  RaiseEvent,
  RefusalEvent,
  SettlementEvent,
  ThresholdEvent,
  UnknownHoldEvent,
} from './events/event';
export type { EventQuery } from './events/event-query';
export type { EventReader } from './events/event-reader';
export type { WebhookKind, WebhookOptions } from './webhooks/webhook.options';
export type { ParkedEventView, ReplayView, WebhookView } from './webhooks/webhook-view';
export type { Webhooks } from './webhooks/webhooks';
export type { AuditVerdict } from './audit/audit-chain';
export type { AuditEntry, AuditEvent } from './audit/audit-entry';
export type { AuditEntryView, WouldRefuseView } from './audit/audit-view';
export type { AuditSegments } from './audit/audit-segments';
export type { AuditSegmentPage, AuditSegmentView } from './audit/audit-segment';
export type { ExportedRow } from './audit/audit-export';
export type { BrakeScope } from '../contract/scopes';
export type { BrakeView } from './brakes/brake-view';
export type { BudgetSource } from './budgets/budget';
export type { BudgetScope } from '../contract/scopes';
export type { BudgetMode, BudgetPeriod, WireCap, WireCaps } from '../contract/budget-periods';
export type { BudgetPath, EffectiveBudgetsQuery, SubjectPath } from './budgets/budget-request';
export type { RaiseView } from './budgets/raise-view';
export type { Raises } from './budgets/raises';
export type { BudgetPage, RemovedBudgetView } from './budgets/budgets';
export type {
  BudgetSubjectView,
  BudgetView,
  CapView,
  CountedBudgetView,
  SubjectCapView,
} from './budgets/budget-view';
export type { LimitsView } from './limits/limits-view';
export type { Spend } from './spend/spend';
export type { SpendGroup, SpendPageQuery, SpendQuery } from './spend/spend-request';
export type { SpendPage, SpendRowView, SpendTotalsView } from './spend/spend-view';
export type { Subject } from './keys/subject';
export type { KeyStatus } from '../contract/states';
export type { CurrentKeyView, KeyView } from './keys/key-view';
export type { LeaseView } from './leases/lease-request';
export type { HoldView } from './holds/hold-view';
export type {
  AuditFilter,
  HoldFilter,
  KeyFilter,
  LedgerFigures,
  PageRequest,
  StoreCopy,
  StoreState,
} from './ledger/records';
export type { ApprovalFilter } from './ledger/approvals';
export type { ApprovalState, HoldState } from '../contract/states';
export type { PgStatement } from './ledger/postgres/pg-driver';
export type { PgPool, PgPoolClient, PooledStore } from './ledger/postgres/pg-pool';
export { DoubtfulStoreError, StoreInUseError } from './ledger/store-doubt';
export type { StoreDoubt } from './ledger/store-doubt';
