import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const ISSUE_FIELDS: ReadonlySet<string> = new Set([
  'label',
  'vendor',
  'daily_usd_cap',
  'allowed_endpoints',
  'expires_in',
]);

/**
 * A server that speaks only what Keybrake's own API documents: it refuses unknown fields, answers
 * 404 to every other call, shows the token as `vault_key`, and puts none of our markers on an
 * answer. Behind it a real broker enforces.
 */
export class KeybrakeServer {
  /** Every management call that came, as `METHOD /path`. */
  readonly managementCalls: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly brokerUrl: string,
  ) {}

  static async start(brokerUrl: string): Promise<KeybrakeServer> {
    // Longer than clients keep idle connections, so that none meets a connection just being closed.
    const server = createServer({ keepAliveTimeout: 75_000 });
    const keybrake = new KeybrakeServer(server, brokerUrl);
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      keybrake.#route(req, res).catch(() => res.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return keybrake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = req.url ?? '';
    if (url.startsWith('/stripe/')) return this.#proxy(req, res);
    this.managementCalls.push(`${req.method} ${url.replace(/\/vk_\w+$/, '/{id}')}`);
    if (req.method === 'POST' && url === '/v1/keys') return this.#issue(req, res);
    if (req.method === 'DELETE' && /^\/v1\/keys\/\w+$/.test(url)) return this.#proxy(req, res);
    return send(res, 404, { error: 'Not found' });
  }

  async #issue(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await buffer(req);
    const fields = Object.keys(JSON.parse(body.toString()) as object);
    const unknown = fields.filter((field) => !ISSUE_FIELDS.has(field));
    if (unknown.length > 0) return send(res, 422, { error: `Unknown fields: ${unknown.join()}` });
    const answer = await this.#ask(req, body);
    const {
      subject: _,
      token,
      ...issued
    } = JSON.parse((await buffer(answer)).toString()) as Record<string, unknown>;
    return send(res, answer.statusCode ?? 500, { ...issued, vault_key: token });
  }

  async #proxy(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const answer = await this.#ask(req, await buffer(req));
    const headers = Object.fromEntries(
      Object.entries(answer.headers).filter(([name]) => !name.startsWith('x-vault-key-')),
    );
    const refused = answer.headers['x-vault-key-verdict'] !== 'forwarded';
    if (refused && answer.statusCode === 429) {
      const { cap_usd, spent_usd } = JSON.parse((await buffer(answer)).toString()) as {
        cap_usd: number;
        spent_usd: number;
      };
      return send(res, 429, {
        error: `Daily spend cap of $${cap_usd} reached`,
        spent_today_usd: spent_usd,
        cap_usd,
      });
    }
    res.writeHead(answer.statusCode ?? 500, headers);
    answer.pipe(res);
    answer.on('error', () => res.destroy());
  }

  #ask(req: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { host: _host, 'transfer-encoding': _encoding, ...headers } = req.headers;
      const onward = request(
        `${this.brokerUrl}${req.url}`,
        { method: req.method ?? 'GET', headers: { ...headers, 'content-length': body.length } },
        resolve,
      );
      onward.on('error', reject);
      onward.end(body);
    });
  }
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}
