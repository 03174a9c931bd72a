import type { LoggedEvent } from '../events/event';
import { VendorConnection } from '../forwarding/vendor-connection';
import { signedHeaders } from './signature';
import type { Webhook } from './webhook.options';

/** How long a receiver may take. */
const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 65_536;
/** How many events of one webhook are on their way at once. */
export const SENT_AT_ONCE = 8;
const GONE = 410;
/** What a receiver may ask to be left alone for. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** What became of one attempt. */
export type Attempt =
  | { outcome: 'delivered'; status: number }
  /** The receiver wants no more. */
  | { outcome: 'gone'; status: number }
  | { outcome: 'failed'; status?: number; reason: string; retryAfterMs?: number };

/** Sends events to one receiver: signed, by `POST`, without following redirects. */
export class WebhookSender {
  readonly #connection: VendorConnection;

  constructor(private readonly webhook: Webhook) {
    const { url, proxy } = webhook;
    this.#connection = new VendorConnection(url.origin, {
      timeoutMs: TIMEOUT_MS,
      connections: SENT_AT_ONCE,
      ...(proxy === undefined ? {} : { proxy }),
    });
  }

  /**
   * Never rejects.
   *
   * @param id Of the message: the same for each attempt.
   */
  async send(id: string, event: LoggedEvent): Promise<Attempt> {
    const { url, secrets } = this.webhook;
    const body = JSON.stringify(event);
    const timestamp = Math.floor(Date.now() / 1_000);
    const answer = await this.#connection.read(
      {
        method: 'POST',
        path: `${url.pathname}${url.search}`,
        headers: {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          'user-agent': 'nestjs-vault-key',
          ...signedHeaders({ id, timestamp, body }, secrets),
        },
        body,
      },
      { withinMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES },
    );
    if ('kind' in answer) {
      if (answer.kind !== 'failed') return ofStatus(answer.status, {});
      return { outcome: 'failed', reason: answer.timedOut ? 'no answer in time' : answer.cause };
    }
    return ofStatus(answer.status, answer.headers);
  }

  close(): Promise<void> {
    return this.#connection.destroy();
  }
}

function ofStatus(status: number, headers: Readonly<Record<string, unknown>>): Attempt {
  if (status >= 200 && status < 300) return { outcome: 'delivered', status };
  if (status === GONE) return { outcome: 'gone', status };
  const seconds = Number(headers['retry-after']);
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : undefined;
  const reason = `answered ${status}`;
  return {
    outcome: 'failed',
    status,
    reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
