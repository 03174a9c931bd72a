import { APP_BUDGET_SCOPES } from '../../contract/scopes';
import type { AppBudgets } from '../budgets/budget';
import { MODE_RULE, isMode, readCaps } from '../../contract/budget-periods';
import { parsePattern } from '../../contract/pattern';
import { unknownFields } from '../known-fields';
import type { Limits } from '../limits/limits';
import { parseLimits } from '../limits/limits-request';
import { capFault, capToMicros } from '../../contract/usd';
import type { MicroUsd } from '../../contract/usd';
import type { FieldIssue } from '../refusal';
import { DEFAULT_EXPIRES_IN, EXPIRES_IN_RULE, parseExpiresIn } from '../../contract/expires-in';
import { labelFault } from '../../contract/label-rule';
import { vendorNameFault } from '../../contract/vendor-name';
import { requestIdFault } from './request-id';
import type { Subject } from './subject';
import { isRecord } from '../../contract/is-record';
import type { KeyLinks } from '../ledger/rules/issuance';

/** What a valid `POST /v1/keys` asks for. */
export interface IssueRequest {
  label: string;
  vendor: string;
  capMicros: MicroUsd;
  allowedEndpoints: readonly string[];
  lifeMs: number;
  subject: Subject;
  parentId?: string;
  leaseId?: string;
  budgets: AppBudgets;
  /** Absent where the budgets that travel with the key refuse calls. */
  budgetsMode?: 'shadow';
  /** Absent where nothing but its cap limits the key. */
  limits?: Limits;
  /** Absent where the request is not to be repeated. */
  requestId?: string;
}

/** What a key hangs on; whether these are live only the ledger can tell. */
const LINKS = [
  ['parent_id', 'parentId', 'key'],
  ['lease_id', 'leaseId', 'lease'],
] as const;

const SUBJECT_FIELDS = ['tenant_id', 'user_id', 'run_id', 'tool'] as const;
const MAX_PATTERNS = 100;

/**
 * Reads the body of `POST /v1/keys`. Nothing is coerced, and nothing missing, empty or `null` ever
 * means "unlimited" or "all". Unknown fields are passed over at the top, as Keybrake does,
 * and are faults in `subject`, `budgets` and `limits`.
 *
 * @param prefixes Each configured vendor's path prefix, by the vendor's name.
 */
export function parseIssueRequest(
  body: unknown,
  prefixes: ReadonlyMap<string, string>,
): { request: IssueRequest } | { faults: FieldIssue[]; links: KeyLinks } {
  if (!isRecord(body)) {
    return { faults: [{ field: '', message: 'the body must be a JSON object' }], links: {} };
  }
  const faults: FieldIssue[] = [];
  const fault = (field: string, message: string | undefined): void => {
    if (message !== undefined) faults.push({ field, message });
  };

  fault('label', labelFault(body['label'], 200));

  const vendor = body['vendor'];
  const prefix = typeof vendor === 'string' ? prefixes.get(vendor) : undefined;
  if (prefix === undefined) {
    // Without the names of the others: an application may show this to one of many tenants.
    const shown = vendorNameFault(vendor) === undefined ? `"${vendor as string}"` : 'that';
    fault(
      'vendor',
      `must be the name of an account of the broker, and no account is called ${shown}`,
    );
  }

  const cap = body['daily_usd_cap'];
  fault('daily_usd_cap', capFault(cap));

  const endpoints = body['allowed_endpoints'];
  if (!Array.isArray(endpoints) || endpoints.length < 1 || endpoints.length > MAX_PATTERNS) {
    fault('allowed_endpoints', `must be an array of 1 to ${MAX_PATTERNS} patterns`);
  } else {
    endpoints.forEach((pattern: unknown, i) => {
      if (typeof pattern !== 'string') {
        fault(`allowed_endpoints[${i}]`, 'must be a string such as "/v1/payment_intents/*"');
        return;
      }
      const parsed = parsePattern(pattern, prefix);
      if ('fault' in parsed) fault(`allowed_endpoints[${i}]`, parsed.fault);
    });
  }

  const expiresIn = body['expires_in'] === undefined ? DEFAULT_EXPIRES_IN : body['expires_in'];
  const lifeMs = parseExpiresIn(expiresIn);
  if (lifeMs === undefined) fault('expires_in', EXPIRES_IN_RULE);

  const subject = parseSubject(body['subject'], fault);

  const links: KeyLinks = {};
  for (const [field, name, what] of LINKS) {
    const id = body[field];
    if (typeof id === 'string') links[name] = id;
    else if (id !== undefined) fault(field, `must be the id of a live ${what}`);
  }
  const budgets = parseBudgets(body['budgets'], fault);
  const mode = body['budgets_mode'];
  if (mode !== undefined && !isMode(mode)) fault('budgets_mode', MODE_RULE);
  const { limits, faults: limitFaults } = parseLimits(body);
  faults.push(...limitFaults);
  const requestId = body['request_id'];
  if (requestId !== undefined) fault('request_id', requestIdFault(requestId));

  if (faults.length > 0) return { faults, links };
  return {
    request: {
      label: body['label'] as string,
      vendor: vendor as string,
      capMicros: capToMicros(cap as number),
      allowedEndpoints: endpoints as string[],
      lifeMs: lifeMs as number,
      subject,
      ...links,
      budgets,
      ...(mode === 'shadow' ? { budgetsMode: 'shadow' as const } : {}),
      ...(limits === undefined ? {} : { limits }),
      ...(requestId === undefined ? {} : { requestId: requestId as string }),
    },
  };
}

function parseBudgets(
  value: unknown,
  fault: (field: string, message: string | undefined) => void,
): AppBudgets {
  if (value === undefined) return {};
  if (!isRecord(value)) {
    fault('budgets', 'must be an object');
    return {};
  }
  for (const { field, message } of unknownFields(value, APP_BUDGET_SCOPES, 'budgets')) {
    fault(field, message);
  }
  const budgets: AppBudgets = {};
  for (const scope of APP_BUDGET_SCOPES) {
    if (value[scope] === undefined) continue;
    const read = readCaps(value[scope], 'usd');
    if ('faults' in read) {
      for (const { path, message } of read.faults) fault(`budgets.${scope}${path}`, message);
    } else {
      budgets[scope] = Object.fromEntries(
        Object.entries(read.caps).map(([period, cap]) => [period, capToMicros(cap)]),
      );
    }
  }
  return budgets;
}

function parseSubject(
  value: unknown,
  fault: (field: string, message: string | undefined) => void,
): Subject {
  if (value === undefined) return {};
  if (!isRecord(value)) {
    fault('subject', 'must be an object');
    return {};
  }
  for (const { field, message } of unknownFields(value, SUBJECT_FIELDS, 'subject')) {
    fault(field, message);
  }
  const subject: Subject = {};
  for (const field of SUBJECT_FIELDS) {
    const text = value[field];
    if (text === undefined) continue;
    const message = labelFault(text, 128);
    if (message === undefined) subject[field] = text as string;
    else fault(`subject.${field}`, message);
  }
  return subject;
}
