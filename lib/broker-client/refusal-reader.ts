import { AgentBrakedException } from '../exceptions/agent-braked.exception';
import { ApprovalRequiredException } from '../exceptions/approval-required.exception';
import { CallRefusedException } from '../exceptions/call-refused.exception';
import { EndpointNotAllowedException } from '../exceptions/endpoint-not-allowed.exception';
import { SpendCapExceededException } from '../exceptions/spend-cap-exceeded.exception';
import type { VaultKeyException } from '../exceptions/vault-key.exception';
import { VaultKeyInvalidException } from '../exceptions/vault-key-invalid.exception';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { VendorException } from '../exceptions/vendor.exception';
import { VendorOutcomeUnknownException } from '../exceptions/vendor-outcome-unknown.exception';
import { VendorRateLimitedException } from '../exceptions/vendor-rate-limited.exception';
import { VendorUnreachableException } from '../exceptions/vendor-unreachable.exception';
import { isRecord } from '../contract/is-record';

/** An answer as it came, its body parsed. */
export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The parsed JSON; `undefined` where the body was none, or broke off. */
  body: unknown;
}

/** A proxied call's answer, and what is known of the call. */
export interface ProxiedAnswer extends Answer {
  vendor: string;
  /** The `Idempotency-Key` the call went out with. */
  idempotencyKey?: string;
  /** True for a call that only reads. */
  readOnly: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const VERDICT = 'x-vault-key-verdict';
const MAX_TEXT = 1_000;

/**
 * What a proxied call's answer amounts to: the exception for it, or `undefined` where the vendor
 * executed the call. Where the broker marked the answer, the mark alone says whose it is.
 */
export function readProxiedAnswer(answer: ProxiedAnswer): VaultKeyException | undefined {
  const verdict = answer.headers[VERDICT];
  if (verdict !== undefined && verdict !== 'forwarded') return brokerRefusal(verdict, answer);
  if (verdict === undefined) {
    const refusal = unmarkedRefusal(answer);
    if (refusal !== undefined) return refusal;
  }
  return vendorAnswer(answer, verdict === 'forwarded');
}

/** Why a broker's answer to an issue request brought no key. */
export function readIssueRefusal(answer: Answer): VaultKeyException {
  const fields = fieldsOf(answer.body);
  const { status } = answer;
  if (status === 403 && fields['code'] === 'braked') return braked(fields);
  const retryAfter = retryAfterOf(answer.headers);
  const unavailable = (message: string): VaultKeyException =>
    new VaultKeyUnavailableException({ message, retryAfter });

  if (status === 401) {
    return unavailable(
      'The broker does not accept the management token, so no vault key was issued. Check the broker.token option, or KEYBRAKE_TOKEN: it must be the token the broker knows.',
    );
  }
  if (status === 400 || status === 422) {
    return unavailable(
      `The broker refused the key's policy (${faultsOf(fields)}), so no vault key was issued. Correct it in @AgentTool, in the option account, or in what names the agent run.`,
    );
  }
  if (status === 429 || status === 503) {
    return unavailable(
      `The broker issues no vault keys at the moment (it answered ${status}). Try again in ${retryAfter === undefined ? 'a moment' : `${retryAfter} s`}.`,
    );
  }
  return unavailable(
    `The broker answered ${status} where 201 with a new vault key was due. Check that the broker.url option is the address of a broker's management API, and the broker's own log.`,
  );
}

/** Whether an issue was refused for the lease it named: it has lapsed, or the broker lost it. */
export function refusesLease({ status, body }: Answer): boolean {
  if (status !== 404 && status !== 422) return false;
  const faults = fieldsOf(body)['fields'];
  return (
    Array.isArray(faults) && faults.some((each) => isRecord(each) && each['field'] === 'lease_id')
  );
}

/**
 * What a management call that is no issue came to, where the answer is not the one that was due.
 *
 * @param what What was asked of the broker, as a clause: `to put a brake`.
 */
export function readManagementRefusal(answer: Answer, what: string): VaultKeyException {
  const fields = fieldsOf(answer.body);
  const { status } = answer;
  const retryAfter = retryAfterOf(answer.headers);
  if (status === 400 || status === 422) {
    return new CallRefusedException({
      status,
      code: 'invalid_request',
      message: `The broker was asked ${what} and refused: ${faultsOf(fields)}.`,
    });
  }
  if (status === 401) {
    return new VaultKeyUnavailableException({
      message: `The broker was asked ${what} and does not accept the management token. Check the broker.token option, or KEYBRAKE_TOKEN: it must be the token the broker knows.`,
    });
  }
  const next =
    status === 429 || status === 503
      ? `Try again in ${retryAfter === undefined ? 'a moment' : `${retryAfter} s`}.`
      : "Check that the broker.url option is the address of this package's own broker, and the broker's log.";
  return new VaultKeyUnavailableException({
    message: `The broker was asked ${what} and answered ${status}. ${next}`,
    retryAfter,
  });
}

function brokerRefusal(code: string, answer: ProxiedAnswer): VaultKeyException {
  const { vendor, idempotencyKey, readOnly } = answer;
  const fields = fieldsOf(answer.body);
  switch (code) {
    case 'cap_exhausted':
      return spendCapExceeded(fields);
    case 'store_unavailable':
    case 'audit_unavailable':
      return new VaultKeyUnavailableException({
        message: `The broker cannot record calls at the moment (${code}), so nothing was sent to ${vendor}. Try again in a moment.`,
        retryAfter: retryAfterOf(answer.headers),
      });
    case 'overloaded':
      return new VaultKeyUnavailableException({
        message: `Too many calls are in flight under this invocation's vault key, so nothing was sent to ${vendor}. Let some finish, then try again.`,
        retryAfter: retryAfterOf(answer.headers),
      });
    case 'invalid_key':
      return new VaultKeyInvalidException({ vendor });
    case 'endpoint_not_allowed':
      return endpointNotAllowed(fields);
    case 'braked':
      return braked(fields);
    case 'approval_required':
      return approvalRequired(fields) ?? otherRefusal(code, answer, fields);
    case 'vendor_unreachable':
      return new VendorUnreachableException({ vendor });
    case 'vendor_outcome_unknown':
      return new VendorOutcomeUnknownException({
        vendor,
        happened:
          answer.status === 504
            ? 'the vendor gave no answer in time'
            : 'the connection to the vendor broke',
        timedOut: answer.status === 504,
        idempotencyKey,
        readOnly,
      });
    default:
      return otherRefusal(code, answer, fields);
  }
}

function otherRefusal(code: string, answer: ProxiedAnswer, fields: Fields): VaultKeyException {
  // A caller must not be logged out because a credential it never held was refused.
  if (answer.status === 401) return new VaultKeyInvalidException({ vendor: answer.vendor });
  const { type: _type, code: _code, message, param, error: _error, ...details } = fields;
  return new CallRefusedException({
    status: answer.status >= 400 && answer.status <= 599 ? answer.status : 502,
    code: /^[a-z][a-z0-9_]{0,63}$/.test(code) ? code : 'call_refused',
    message:
      textOf(message) ?? `The broker refused the call to ${answer.vendor} (${answer.status}).`,
    param: textOf(param),
    ...(code === 'rate_limited' ? { retryAfter: retryAfterOf(answer.headers) ?? 60 } : {}),
    details,
  });
}

/** A refusal of a server that does not mark its answers, known by its shape. */
function unmarkedRefusal(answer: ProxiedAnswer): VaultKeyException | undefined {
  const { status } = answer;
  if (status === 401) return new VaultKeyInvalidException({ vendor: answer.vendor });
  if (!isRecord(answer.body)) return undefined;
  const body = answer.body;
  if (status === 429 || status === 402) {
    if (body['code'] === 'cap_exhausted') return spendCapExceeded(fieldsOf(body));
    const sentence = status === 429 ? capSentence(body['error']) : undefined;
    if (sentence !== undefined) return spendCapExceeded({ ...body, ...sentence });
  }
  if (
    status === 403 &&
    Array.isArray(body['allowed_endpoints']) &&
    body['attempted'] !== undefined
  ) {
    return endpointNotAllowed(body);
  }
  return undefined;
}

function vendorAnswer(answer: ProxiedAnswer, marked: boolean): VaultKeyException | undefined {
  const { status, vendor, idempotencyKey, readOnly } = answer;
  const unknown = (happened: string): VaultKeyException =>
    new VendorOutcomeUnknownException({
      vendor,
      happened,
      timedOut: status === 504,
      idempotencyKey,
      readOnly,
    });

  if (status === 204) return undefined;
  if (status >= 200 && status < 300) {
    return typeof answer.body === 'object' && answer.body !== null
      ? undefined
      : unknown(`the answer (${status}) cannot be read as JSON`);
  }
  if (status < 400) return unknown(`the answer is a redirect (${status}), which is never followed`);

  const fields = isRecord(answer.body) ? answer.body['error'] : undefined;
  // A gateway between here and the vendor cannot know what the vendor did.
  if (status >= 500 && !marked && !isRecord(fields)) {
    return unknown(`something on the way to the vendor answered ${status}`);
  }
  const requestId = textOf(answer.headers['request-id']);
  if (status === 429) {
    const retryAfter = retryAfterOf(answer.headers);
    return new VendorRateLimitedException({ vendor, retryAfter, requestId });
  }
  const error: Fields = isRecord(fields) ? fields : {};
  return new VendorException({
    vendor,
    vendorStatus: status,
    vendorMessage: textOf(error['message']) ?? textOf(fields),
    vendorCode: textOf(error['code']),
    declineCode: textOf(error['decline_code']),
    type: textOf(error['type']),
    param: textOf(error['param']),
    requestId,
    idempotencyKey,
  });
}

function spendCapExceeded(fields: Fields): SpendCapExceededException {
  const cap = sumOf(fields['cap_usd']) ?? sumOf(fields['daily_usd_cap']);
  const spent = sumOf(fields['spent_usd']) ?? sumOf(fields['spent_today_usd']);
  const held = sumOf(fields['held_usd']);
  return new SpendCapExceededException({
    scope: textOf(fields['scope']),
    cap,
    spent,
    held,
    requested: sumOf(fields['requested_usd']),
    remaining: sumOf(fields['remaining_usd']) ?? leftOf(cap, spent, held),
    resetsAt: instantOf(fields['resets_at']),
    period: textOf(fields['period']),
  });
}

function leftOf(cap?: number, spent?: number, held = 0): number | undefined {
  if (cap === undefined || spent === undefined) return undefined;
  return Number((cap - spent - held).toFixed(6));
}

function capSentence(error: unknown): Fields | undefined {
  if (typeof error !== 'string') return undefined;
  const match = /^Daily spend cap of \$([\d,]+(?:\.\d+)?) reached/.exec(error);
  if (match === null) return undefined;
  return { cap_usd: Number(match[1]?.replaceAll(',', '')) };
}

function endpointNotAllowed(fields: Fields): EndpointNotAllowedException {
  const allowed = fields['allowed_endpoints'];
  return new EndpointNotAllowedException({
    allowed: Array.isArray(allowed) ? allowed.filter((pattern) => typeof pattern === 'string') : [],
    attempted: textOf(fields['attempted']) ?? 'this endpoint',
  });
}

function braked(fields: Fields): AgentBrakedException {
  return new AgentBrakedException({
    scope: textOf(fields['scope']),
    reason: textOf(fields['reason']),
  });
}

/** `undefined` where the answer names no approval. */
function approvalRequired(fields: Fields): ApprovalRequiredException | undefined {
  const approvalId = textOf(fields['approval_id']);
  if (approvalId === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(approvalId)) return undefined;
  const expiresAt = instantOf(fields['expires_at']);
  const requested = sumOf(fields['requested_usd']);
  const approvalUrl = pageUrlOf(fields['approval_url']);
  return new ApprovalRequiredException({
    approvalId,
    ...(requested === undefined ? {} : { requested }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(approvalUrl === undefined ? {} : { approvalUrl }),
  });
}

/** A link that people may be shown: another scheme could run something. */
function pageUrlOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text !== undefined && /^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined;
}

/** The fields of a refusal, which are at the top level, inside `error`, or in both. */
function fieldsOf(body: unknown): Fields {
  if (!isRecord(body)) return {};
  const error = body['error'];
  return isRecord(error) ? { ...body, ...error } : body;
}

function faultsOf(fields: Fields): string {
  const faults = fields['fields'];
  const named = (Array.isArray(faults) ? faults : [])
    .filter(isRecord)
    .map((fault) => `${textOf(fault['field']) ?? ''} ${textOf(fault['message']) ?? ''}`.trim())
    .filter((fault) => fault !== '');
  if (named.length > 0) return named.join('; ').slice(0, MAX_TEXT);
  return textOf(fields['message']) ?? textOf(fields['error']) ?? 'it did not say why';
}

/** Seconds, from either form of `Retry-After`. */
function retryAfterOf(headers: Readonly<Record<string, string>>): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const until = Date.parse(value);
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - Date.now()) / 1_000));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : undefined;
}

function sumOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function instantOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined || Number.isNaN(Date.parse(text))
    ? undefined
    : new Date(text).toISOString();
}
