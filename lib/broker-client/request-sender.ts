import type { Readable } from 'node:stream';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { untraced } from '../broker/telemetry/trace';
import { Flight, within } from './flight';
import type { FlightLimits, OutgoingHeaders } from './flight';
import type { KeptConnections } from './kept-connections';

/** A URL's parts, the path without a trailing slash; what else a URL may hold is left out. */
export interface BaseUrl {
  origin: string;
  prefix: string;
}

/** A request to a broker; the path follows the base's own. */
export interface BrokerRequest {
  base: BaseUrl;
  method: string;
  path: string;
  headers: OutgoingHeaders;
  body?: string;
}

/** The head of a broker's answer, and its body as it comes. */
export interface BrokerAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Readable;
}

/** The parts of a URL that the options have been checked for. */
export function baseOf(url: string): BaseUrl {
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}

/** Sends requests to a broker with `@nestjs/axios`, by an instance of its own. */
export class RequestSender {
  readonly #http: HttpService;

  constructor() {
    const instance: unknown = axios.create({
      maxRedirects: 0,
      proxy: false,
      transformRequest: [(body: unknown) => body],
      transformResponse: [(body: unknown) => body],
      validateStatus: () => true,
    });
    // axios declares its types twice, for import and for require; @nestjs/axios takes the former.
    this.#http = new HttpService(instance as ConstructorParameters<typeof HttpService>[0]);
  }

  /** Never rejects. Where there is no answer the flight tells what became of the request. */
  async send(
    request: BrokerRequest,
    limits: FlightLimits,
    connections: KeptConnections,
  ): Promise<{ flight: Flight; answer?: BrokerAnswer }> {
    const { base, method, body } = request;
    const path = `${base.prefix}${request.path}`;
    const headers: Record<string, string> = { ...request.headers };
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const flight = new Flight(path, headers, limits);
    const turn = connections.take(within(limits.connectMs, limits.endsAt));
    if (turn !== true && !(await turn)) {
      flight.timedOut = true;
      flight.queued = true;
      return { flight };
    }
    try {
      const answer = await untraced(() =>
        firstValueFrom(
          this.#http.request<Readable>({
            method,
            url: `${base.origin}${path}`,
            data: body,
            // Named here, since HttpService cancels a request it does not see to be a stream's.
            responseType: 'stream',
            transport: flight,
            httpAgent: connections.http,
            httpsAgent: connections.https,
          }),
        ),
      );
      const answerBody = flight.bodyOf(answer.data);
      answerBody.once('close', () => connections.release());
      return {
        flight,
        answer: {
          status: answer.status,
          headers: lowerCase(answer.headers),
          body: answerBody,
        },
      };
    } catch (error) {
      connections.release();
      // Of axios' error only the code is taken: it carries the request, and so the token.
      flight.failure ??= bareError(error);
      return { flight };
    }
  }
}

function lowerCase(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]: [string, unknown]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}

/** An error of which only the code is left and, where they are Node's own, the words. */
export function bareError(error: unknown): NodeJS.ErrnoException {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const codeText = typeof code === 'string' ? code : undefined;
  const words = axios.isAxiosError(error) ? undefined : message;
  const bare: NodeJS.ErrnoException = new Error(
    typeof words === 'string' ? words : (codeText ?? 'no answer'),
  );
  if (codeText !== undefined) bare.code = codeText;
  return bare;
}
