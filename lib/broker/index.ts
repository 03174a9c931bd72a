export { Broker } from './broker';
export type { AuditPage } from './audit/audit-view';
export type { BrokerHost } from './broker.host';
export type { HoldPage, Holds } from './holds/holds';
export type { Leases } from './leases/leases';
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
export { BrokerRefusal } from './refusal';
export type { FieldIssue } from './refusal';
export type { AuditVerdict } from './audit/audit-chain';
export type { AuditEntry, AuditEvent } from './audit/audit-entry';
export type { AuditEntryView } from './audit/audit-view';
export type { AuditSegments } from './audit/audit-segments';
export type { AuditSegmentPage, AuditSegmentView } from './audit/audit-segment';
export type { ExportedRow } from './audit/audit-export';
export type { BrakeScope } from '../contract/scopes';
export type { BrakeView } from './brakes/brake-view';
export type { BudgetSource } from './budgets/budget';
export type { BudgetScope } from '../contract/scopes';
export type { BudgetPath, EffectiveBudgetsQuery } from './budgets/budget-request';
export type { BudgetPage } from './budgets/budgets';
export type {
  BudgetSubjectView,
  BudgetView,
  CapView,
  CountedBudgetView,
  SubjectCapView,
} from './budgets/budget-view';
export type { LimitsView } from './limits/limits-view';
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
export type { HoldState } from '../contract/states';
export type { PgStatement } from './ledger/postgres/pg-driver';
export type { PgPool, PgPoolClient, PooledStore } from './ledger/postgres/pg-pool';
export { DoubtfulStoreError, StoreInUseError } from './ledger/store-doubt';
export type { StoreDoubt } from './ledger/store-doubt';
