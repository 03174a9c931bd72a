export { VaultKeyModule } from './vault-key.module';
export { VAULT_KEY_MODULE_OPTIONS } from './vault-key.module-definition';
export type {
  VaultKeyModuleExtras,
  VaultKeyModuleOptionsFactory,
} from './vault-key.module-definition';
export type {
  BrokerServerModuleOptions,
  BrokerServerOptions,
  BudgetsOptions,
  EmbeddedModuleOptions,
  EmbeddedOptions,
  OfflineOptions,
  LeaseOptions,
  MetricsOptions,
  SharedOptions,
  VaultKeyModuleOptions,
} from './vault-key.options';

export { AgentTool } from './agent-tool/agent-tool.decorator';
export type {
  AgentToolContext,
  AgentToolLimits,
  AgentToolOptions,
  PerCall,
} from './agent-tool/agent-tool.options';
export { AgentToolInterceptor } from './agent-tool/agent-tool.interceptor';
export type { AgentRequest, IdentifyAgent } from './agent-tool/identity';
export type { RequestWithVaultKey } from './agent-tool/request-invocation';
export { VaultKeyMiddleware } from './agent-tool/vault-key.middleware';
export type { ClosableResponse } from './agent-tool/response-close';

export type { AccountContext, ChooseAccount } from './vault-key/account-choice';
export type { BudgetCap, BudgetCaps, ComputeBudget } from './vault-key/budget-choice';
export type { BudgetMode, BudgetPeriod, WireCap, WireCaps } from './contract/budget-periods';
export type { AgentIdentity, PartialAgentIdentity } from './vault-key/agent-identity';
export { BrakeService } from './vault-key/brake.service';
export type { BrakeOptions, BrakeTarget } from './vault-key/brake.service';
export { CurrentVaultKey } from './vault-key/current-vault-key';
export type { RemainingSpend } from './vault-key/current-vault-key';
export { RevocationQueue } from './vault-key/revocation-queue';
export type { VaultKey } from './vault-key/vault-key';
export type { VaultKeyLimits } from './vault-key/vault-key-limits';
export type { VaultKeyPolicy } from './vault-key/vault-key-policy';
export { VaultKeyService } from './vault-key/vault-key.service';
export { VaultKeyStartUpException } from './vault-key/vault-key-start-up.exception';
export type { StartUpIssue } from './vault-key/vault-key-start-up.exception';

export { BrokerClient } from './broker-client/broker-client';
export type {
  Brake,
  BrakeRequest,
  BrakeScope,
  BrokerDialect,
  BrokerState,
  CapStatus,
  IssueKeyRequest,
  IssueResult,
  IssuedKey,
  KeyBudgets,
  KeyLimits,
  KeyState,
  KeySubject,
  NewBrake,
  RevokeResult,
  VendorAnswer,
  VendorCall,
} from './broker-client/broker-client';

export { VaultKeyAdminModule } from './admin/vault-key-admin.module';
export { VAULT_KEY_ADMIN_MODULE_OPTIONS } from './admin/vault-key-admin.module-definition';
export type { VaultKeyAdminModuleOptionsFactory } from './admin/vault-key-admin.module-definition';
export type {
  AuthorizeOperator,
  AuthorizedOperator,
  VaultKeyAdminModuleOptions,
} from './admin/vault-key-admin.options';

export type { MetricsRegistry } from './broker/metrics/prometheus';
export type { VendorOptions } from './broker/accounts/account';
export type { SecretOptions } from './broker/accounts/secrets';
export type { DocumentOptions } from './broker/document.options';
export type { AddedLater } from './broker/pricing/configured-prices';
export type { BodyLimitOptions, PriceOptions, VendorRules } from './broker/vendor.options';
export type { OperatorRole } from './broker/operators/actor';
export type { OperatorOptions } from './broker/operators/operator.options';
export type { SpendGroup } from './broker/spend/spend-request';
export type { EventKind } from './broker/events/event';
export type { WebhookKind, WebhookOptions } from './broker/webhooks/webhook.options';
export { VaultKeyEvents } from './events/vault-key-events';
export { OnVaultKeyEvent } from './events/on-vault-key-event.decorator';
export type { HandledEvent, HandledKind } from './events/on-vault-key-event.decorator';
export type {
  CallEventFields,
  ChangeEventFields,
  KeyEventFields,
  VaultKeyApprovalEvent,
  VaultKeyBrakeEvent,
  VaultKeyBudgetEvent,
  VaultKeyCallEvent,
  VaultKeyEvent,
  VaultKeyEventOf,
  VaultKeyEventOfKind,
  VaultKeyFailedStoreEvent,
  VaultKeyIssueEvent,
  VaultKeyLiftEvent,
  VaultKeyRaiseEvent,
  VaultKeyRefusalEvent,
  VaultKeySettlementEvent,
  VaultKeyThresholdEvent,
  VaultKeyUnknownHoldEvent,
} from './events/vault-key-event';
export { BrokerOperator } from './broker-operator/broker-operator';
export type {
  AuditEntryInfo,
  AuditPageInfo,
  AuditQuery,
  AuditSegmentInfo,
  AuditSegmentPageInfo,
  AuditVerdictInfo,
} from './broker-operator/audit-types';
export type {
  ApprovalInfo,
  ApprovalPageInfo,
  ApprovalQuery,
  BrokerFigures,
  BudgetAddress,
  BudgetInfo,
  BudgetPageInfo,
  BudgetTarget,
  ChangedBy,
  BudgetTerms,
  EffectiveCap,
  HoldInfo,
  HoldPageInfo,
  HoldQuery,
  KeyInfo,
  KeyPageInfo,
  KeyQuery,
  PageQuery,
  RaiseInfo,
  RaiseRequest,
  StoreInfo,
} from './broker-operator/operator-types';
export type {
  SpendPageInfo,
  SpendPageQuery,
  SpendQuery,
  SpendRowInfo,
  SpendTotalsInfo,
} from './broker-operator/spend-types';

export { RemainingSpendController } from './remaining-spend/remaining-spend.controller';
export type { RemainingSpendAnswer, ToolCap } from './remaining-spend/remaining-spend.report';

export { ProxiedStripeService } from './stripe/proxied-stripe.service';
export type {
  CancelPaymentIntentParams,
  CapturePaymentIntentParams,
  CreatePaymentIntentParams,
  CreateRefundParams,
  ListChargesParams,
  PaymentIntentConfirmation,
  StripeMetadata,
} from './stripe/proxied-stripe.service';
export { ProxiedVendorService } from './stripe/proxied-vendor.service';
export type { VendorMethod, VendorRequestOptions } from './stripe/proxied-vendor.service';
export type { VendorParam, VendorParams } from './stripe/form-encoding';
export type {
  StripeCharge,
  StripeList,
  StripePaymentIntent,
  StripeRefund,
} from './stripe/stripe-objects';

export type { OpenUnion } from './contract/open-union';
export type { RefusalCode } from './contract/refusal-codes';
export type { BudgetScope, CapScope } from './contract/scopes';
export type { ApprovalState, HoldState, KeyStatus } from './contract/states';
export type { VaultKeyExceptionCode } from './exceptions/exception-code';
export { VaultKeyException } from './exceptions/vault-key.exception';
export type {
  VaultKeyExceptionBody,
  VaultKeyExceptionDetails,
} from './exceptions/vault-key.exception';
export { AgentBrakedException } from './exceptions/agent-braked.exception';
export { ApprovalRequiredException } from './exceptions/approval-required.exception';
export type { ApprovalRequiredInit } from './exceptions/approval-required.exception';
export { CallRefusedException } from './exceptions/call-refused.exception';
export { EndpointNotAllowedException } from './exceptions/endpoint-not-allowed.exception';
export { SpendCapExceededException } from './exceptions/spend-cap-exceeded.exception';
export type { SpendCapExceededInit } from './exceptions/spend-cap-exceeded.exception';
export { VaultKeyInvalidException } from './exceptions/vault-key-invalid.exception';
export { VaultKeyMissingException } from './exceptions/vault-key-missing.exception';
export type { VaultKeyMissingReason } from './exceptions/vault-key-missing.exception';
export { VaultKeyUnavailableException } from './exceptions/vault-key-unavailable.exception';
export { VendorException } from './exceptions/vendor.exception';
export type { VendorExceptionInit } from './exceptions/vendor.exception';
export { VendorOutcomeUnknownException } from './exceptions/vendor-outcome-unknown.exception';
export { VendorRateLimitedException } from './exceptions/vendor-rate-limited.exception';
export { VendorUnreachableException } from './exceptions/vendor-unreachable.exception';
export { VaultKeyExceptionFilter } from './agent-tool/vault-key-exception.filter';
