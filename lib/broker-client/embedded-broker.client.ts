import type { Broker } from '../broker/broker';
import type { BrokerOptions } from '../broker/broker.options';
import { BrokerRefusal } from '../broker/refusal';
import { readIssueRefusal } from '../exceptions/refusal-reader';
import { VaultKeyUnavailableException } from '../exceptions/vault-key-unavailable.exception';
import { BrokerClient } from './broker-client';
import type {
  BrokerDialect,
  IssueKeyRequest,
  IssueResult,
  RevokeResult,
  VendorAnswer,
  VendorCall,
} from './broker-client';

/**
 * The broker in this process, for what only an operator asks: keys and their spend, the audit log.
 * Injectable where the module is configured with `embedded`; elsewhere each of its methods throws.
 *
 * @example
 * constructor(private readonly broker: EmbeddedBroker) {}
 *
 * liveKeys() {
 *   return this.broker.keys({ status: 'active' });
 * }
 */
export abstract class EmbeddedBroker implements Pick<Broker, keyof EmbeddedBroker> {
  abstract hasVendor: Broker['hasVendor'];
  abstract issue: Broker['issue'];
  abstract revoke: Broker['revoke'];
  abstract revokeAll: Broker['revokeAll'];
  abstract key: Broker['key'];
  abstract keys: Broker['keys'];
  abstract auditEntries: Broker['auditEntries'];
  abstract state: Broker['state'];
  abstract forward: Broker['forward'];
}

const OWN_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
]);

/** The broker in this process: each call is a function call, and no socket is opened for it. */
export class EmbeddedBrokerClient extends BrokerClient {
  readonly dialect: BrokerDialect = 'vault-key';
  /** The broker behind this client. */
  readonly broker: Broker;

  /**
   * Opens the store.
   *
   * @throws Error where the options are not sound, or the store is another process's.
   */
  constructor(options: BrokerOptions) {
    super();
    // Loaded here, so that an application whose broker is a server needs no SQLite driver.
    const core = require('../broker/broker') as typeof import('../broker/broker');
    this.broker = new core.Broker(options);
  }

  async issue(request: IssueKeyRequest): Promise<IssueResult> {
    const { subject } = request;
    try {
      const issued = await this.broker.issue({
        label: request.label,
        vendor: request.vendor,
        daily_usd_cap: request.dailyUsdCap,
        allowed_endpoints: request.allowedEndpoints,
        expires_in: request.expiresIn,
        subject: {
          tenant_id: subject.tenantId,
          user_id: subject.userId,
          run_id: subject.runId,
          tool: subject.tool,
        },
        parent_id: request.parentId,
      });
      const { id, token, expires_at: expiresAt } = issued;
      return { issued: true, key: { id, token, expiresAt: new Date(expiresAt) } };
    } catch (error) {
      return { issued: false, error: notIssued(error) };
    }
  }

  async revoke(ids: readonly string[]): Promise<RevokeResult> {
    try {
      await this.broker.revokeAll({ ids });
      return { ended: ids, failed: [] };
    } catch (error) {
      const reason =
        error instanceof BrokerRefusal
          ? `the broker refused: ${error.code}`
          : 'the embedded broker failed';
      return { ended: [], failed: ids.map((id) => ({ id, reason })) };
    }
  }

  async forward(call: VendorCall): Promise<VendorAnswer> {
    const rawHeaders = ['authorization', `Bearer ${call.token}`];
    for (const [name, value] of Object.entries(call.headers)) {
      if (!OWN_HEADERS.has(name.toLowerCase())) rawHeaders.push(name, value);
    }
    const answer = await this.broker.forward({
      vendor: call.vendor,
      method: call.method,
      target: call.target,
      rawHeaders,
      ...(call.body === undefined ? {} : { body: Buffer.from(call.body) }),
    });
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers)) {
      headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    return { status: answer.status, headers, body: answer.body };
  }

  close(): Promise<void> {
    return this.broker.close();
  }
}

/** What `EmbeddedBroker` is where the broker is a server. */
export function absentEmbeddedBroker(): EmbeddedBroker {
  const absent = (): never => {
    throw new Error(
      "EmbeddedBroker is there only where VaultKeyModule is configured with `embedded`. This application's broker is a server: ask its management API.",
    );
  };
  return {
    hasVendor: absent,
    issue: absent,
    revoke: absent,
    revokeAll: absent,
    key: absent,
    keys: absent,
    auditEntries: absent,
    state: absent,
    forward: absent,
  };
}

function notIssued(error: unknown): Extract<IssueResult, { issued: false }>['error'] {
  if (error instanceof BrokerRefusal) {
    const body: unknown = JSON.parse(error.toBody());
    return readIssueRefusal({ status: error.status, headers: error.toHeaders(), body });
  }
  return new VaultKeyUnavailableException({
    message: 'The embedded broker could not issue a vault key. Try again in a moment.',
    cause: error,
  });
}
