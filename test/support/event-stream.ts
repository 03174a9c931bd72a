import type { IncomingMessage } from 'node:http';
import { linesOf } from '../../lib/broker/lines';
import { open } from './broker-process';
import { until } from './until';

/** A message of an event stream. */
export interface StreamedEvent {
  id: string | undefined;
  kind: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says by its expectation what it is
  event: any;
}

/** A client of `GET /v1/events`, as a browser's `EventSource` reads it. */
export class EventStream {
  readonly events: StreamedEvent[] = [];
  lastId: string | undefined;
  isEnded = false;

  private constructor(private readonly answer: IncomingMessage) {
    void this.#read();
  }

  static async open(
    /** With the session of a page in place of a token. */
    broker: { url: string } & ({ token: string } | { session: string }),
    { query = '', lastId }: { query?: string; lastId?: string | undefined } = {},
  ): Promise<EventStream> {
    const mount = new URL(broker.url).pathname.replace(/\/$/, '');
    const answer = await open(broker.url, 'GET', `${mount}/v1/events${query}`, {
      headers: {
        ...('token' in broker
          ? { authorization: `Bearer ${broker.token}` }
          : { cookie: `vault_key_session=${broker.session}` }),
        accept: 'text/event-stream',
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      },
    });
    if (answer.statusCode !== 200) throw new Error(`the stream was answered ${answer.statusCode}`);
    return new EventStream(answer);
  }

  get headers(): IncomingMessage['headers'] {
    return this.answer.headers;
  }

  /** Resolves once so many events have come. */
  async has(count: number): Promise<StreamedEvent[]> {
    await until(
      () => this.events.length >= count,
      () => `${this.events.length} of ${count} events came: ${JSON.stringify(this.events)}`,
    );
    return this.events;
  }

  async ended(): Promise<void> {
    await until(
      () => this.isEnded,
      () => 'the stream goes on',
    );
  }

  close(): void {
    this.answer.destroy();
  }

  async #read(): Promise<void> {
    let message: { id?: string; kind?: string; data?: string } = {};
    try {
      for await (const line of linesOf(this.answer.setEncoding('utf8'))) {
        const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
        if (field === 'id') {
          message.id = value;
          this.lastId = value;
        }
        if (field === 'event') message.kind = value;
        if (field === 'data') message.data = value;
        if (line !== '') continue;
        const { id, kind = '', data } = message;
        message = {};
        if (data !== undefined) this.events.push({ id, kind, event: JSON.parse(data) });
      }
    } catch {
      // The broker, or the test, has broken it off.
    }
    this.isEnded = true;
  }
}
