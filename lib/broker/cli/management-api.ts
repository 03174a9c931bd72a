import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isLoopback } from '../accounts/base-url';
import { linesOf } from '../lines';

const TIMEOUT_MS = 60_000;

/** The broker did not do what it was asked: what it said, or why it said nothing. */
export class ManagementApiError extends Error {}

/** The management API of a running broker, which may be below a path. */
export class ManagementApi {
  constructor(
    private readonly url: URL,
    private readonly token: string,
  ) {}

  /**
   * @param path Goes as it is: an id in it is the caller's to encode.
   * @throws ManagementApiError where the answer is no 2xx, or none came.
   */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.#read(await this.#exchange(method, path, body));
    return this.#answerOf(status, text) as T;
  }

  /**
   * Asks for a file, which comes as it is read.
   *
   * @throws ManagementApiError where the answer is no 200, or none came.
   */
  async file(path: string): Promise<{ bytes: number; chunks: AsyncIterable<Buffer> }> {
    const answer = await this.#exchange('GET', path, undefined);
    if (answer.statusCode === 200) {
      return { bytes: Number(answer.headers['content-length']), chunks: answer };
    }
    const { status, text } = await this.#read(answer);
    this.#answerOf(status, text);
    throw new ManagementApiError(`${this.url.origin} answered ${status}, and no file`);
  }

  /**
   * Asks for JSON documents, one a line, which come as they are read.
   *
   * @throws ManagementApiError where the answer is no 200, none came, or it breaks off.
   */
  async *lines(path: string): AsyncGenerator<unknown> {
    const answer = await this.#exchange('GET', path, undefined, 'application/x-ndjson');
    if (answer.statusCode !== 200) {
      const { status, text } = await this.#read(answer);
      this.#answerOf(status, text);
      throw new ManagementApiError(`${this.url.origin} answered ${status}, and no lines`);
    }
    try {
      for await (const line of linesOf(answer.setEncoding('utf8'))) yield JSON.parse(line);
    } catch (error) {
      throw new ManagementApiError(
        `the answer of ${this.url.origin} broke off: ${(error as Error).message}`,
      );
    }
  }

  /**
   * Asks for text that is no JSON, which comes in pieces as it is read.
   *
   * @param type Its media type.
   * @throws ManagementApiError where the answer is no 200, none came, or it breaks off.
   */
  async *text(path: string, type: string): AsyncGenerator<string> {
    const answer = await this.#exchange('GET', path, undefined, type);
    if (answer.statusCode !== 200) {
      const { status, text } = await this.#read(answer);
      this.#answerOf(status, text);
      throw new ManagementApiError(`${this.url.origin} answered ${status}, and no ${type}`);
    }
    try {
      for await (const piece of answer.setEncoding('utf8')) yield piece as string;
    } catch (error) {
      throw new ManagementApiError(
        `the answer of ${this.url.origin} broke off: ${(error as Error).message}`,
      );
    }
  }

  #answerOf(status: number, text: string): unknown {
    let answer: unknown;
    try {
      answer = JSON.parse(text) as unknown;
    } catch {
      throw new ManagementApiError(`${this.url.origin} answered ${status}, and no JSON`);
    }
    if (status >= 200 && status < 300) return answer;
    const { code, error } = answer as { code?: string; error?: { message?: string } };
    throw new ManagementApiError(`${status} ${code ?? ''}: ${error?.message ?? 'no message'}`);
  }

  async #exchange(method: string, path: string, body: unknown, accept = 'application/json') {
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        const send = this.url.protocol === 'https:' ? requestHttps : requestHttp;
        const req = send(
          {
            hostname: this.url.hostname.replace(/^\[|\]$/g, ''),
            port: this.url.port,
            method,
            path: this.url.pathname.replace(/\/+$/, '') + path,
            timeout: TIMEOUT_MS,
            // Whatever the environment says: the token goes only where the certificate is valid.
            rejectUnauthorized: true,
            headers: {
              authorization: `Bearer ${this.token}`,
              accept,
              ...(text === undefined
                ? {}
                : {
                    'content-type': 'application/json',
                    'content-length': Buffer.byteLength(text),
                  }),
            },
          },
          resolve,
        );
        req.on('error', reject);
        req.on('timeout', () => req.destroy(new Error('no answer came in time')));
        req.end(text);
      });
    } catch (error) {
      throw this.#noAnswer(error);
    }
  }

  async #read(answer: IncomingMessage) {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
    } catch (error) {
      throw this.#noAnswer(error);
    }
  }

  #noAnswer(error: unknown): ManagementApiError {
    const { code, message } = error as NodeJS.ErrnoException;
    return new ManagementApiError(
      `no broker answers at ${this.url.origin} (${code ?? message}): start vault-key-broker, or name the one that runs with --url`,
    );
  }
}

/** The URL of a broker; `undefined` if the text is not a URL, or would show the token on a network. */
export function brokerUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    const safe =
      url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
    return safe && url.search === '' && url.hash === '' && url.username === '' ? url : undefined;
  } catch {
    return undefined;
  }
}
