import type { Server } from 'node:net';
import { Gate } from '../../support/gates';
import { TcpProxy, listening } from './tcp-proxy';
import type { Passage } from './tcp-proxy';

/** A point of a COMMIT: before it reaches the server, or when its answer is there. */
export type CommitMoment = 'before' | 'after';

/** A COMMIT of a batch that is stopped on its way. */
export interface StoppedCommit {
  /** Resolves when it stands still. */
  reached: Promise<void>;
  /** Lets it go on. */
  open(): void;
  /** Ends its connection instead. */
  cut(): void;
}

interface Stop {
  moment: CommitMoment;
  gate: Gate;
  isCut: boolean;
}

/** What is known of a connection's messages. */
interface Talk {
  rest: Buffer;
  isBegun: boolean;
  /** Whether its transaction has written a batch. */
  hasStored: boolean;
  stop: Stop | undefined;
}

const QUERY = 'Q'.charCodeAt(0);
const PARSE = 'P'.charCodeAt(0);

/** The way of one instance to its PostgreSQL, which stops at the COMMIT of a batch. */
export class PostgresProxy extends TcpProxy {
  readonly #talks = new WeakMap<Passage, Talk>();
  readonly #stops: Stop[] = [];
  /** Those that stop a batch before it reads and locks anything. */
  readonly #loadStops: Stop[] = [];

  static override async start(...targets: number[]): Promise<PostgresProxy> {
    return new PostgresProxy(await listening(), targets);
  }

  private constructor(server: Server, targets: number[]) {
    super(server, targets);
  }

  /** Stops the next COMMIT of a batch. */
  stopCommit(moment: CommitMoment): StoppedCommit {
    return this.#stopped(this.#stops, moment);
  }

  /** Stops the next batch once its transaction has begun, before it reads and locks anything. */
  stopLoad(): StoppedCommit {
    return this.#stopped(this.#loadStops, 'before');
  }

  #stopped(stops: Stop[], moment: CommitMoment): StoppedCommit {
    const stop: Stop = { moment, gate: new Gate(), isCut: false };
    stops.push(stop);
    return {
      reached: stop.gate.reached,
      open: stop.gate.open,
      cut: () => {
        stop.isCut = true;
        stop.gate.open();
      },
    };
  }

  protected override async fromClient(
    passage: Passage,
    chunk: Buffer,
  ): Promise<Buffer | undefined> {
    const talk = this.#talkOf(passage);
    let bytes = Buffer.concat([talk.rest, chunk]);
    talk.rest = Buffer.alloc(0);
    const sent: Buffer[] = [];
    while (bytes.length > 0) {
      const length = lengthOf(bytes, talk.isBegun);
      if (length === undefined || bytes.length < length) break;
      const message = bytes.subarray(0, length);
      bytes = bytes.subarray(length);
      // A request for TLS or to cancel has no type either, and the start comes after it.
      if (!talk.isBegun) talk.isBegun = length > 8 && message.readUInt16BE(4) === 3;
      else if (await this.#isStopped(passage, talk, message, sent)) return undefined;
      sent.push(message);
    }
    talk.rest = Buffer.from(bytes);
    return Buffer.concat(sent);
  }

  protected override async fromServer(
    passage: Passage,
    chunk: Buffer,
  ): Promise<Buffer | undefined> {
    const { stop } = this.#talkOf(passage);
    if (stop === undefined || !chunk.includes('COMMIT\0')) return chunk;
    this.#talkOf(passage).stop = undefined;
    await stop.gate.pass();
    if (!stop.isCut) return chunk;
    end(passage);
    return undefined;
  }

  /** Returns whether the connection has ended meanwhile. */
  async #isStopped(
    passage: Passage,
    talk: Talk,
    message: Buffer,
    sent: Buffer[],
  ): Promise<boolean> {
    const type = message[0];
    if (type !== QUERY && type !== PARSE) return false;
    const text = message.toString('latin1', 5);
    if (/^\0?BEGIN/.test(text)) talk.hasStored = false;
    if (/store/i.test(text)) talk.hasStored = true;
    const isCommit = talk.hasStored && /\bCOMMIT\b/.test(text);
    if (isCommit) talk.hasStored = false;
    const isLoad = /\bload/i.test(text);
    const stop = isCommit ? this.#stops.shift() : isLoad ? this.#loadStops.shift() : undefined;
    if (stop === undefined) return false;
    if (stop.moment === 'after') {
      talk.stop = stop;
      return false;
    }
    // What comes before it has reached the server, and its locks are taken.
    if (sent.length > 0) passage.server.write(Buffer.concat(sent.splice(0)));
    await stop.gate.pass();
    if (stop.isCut) end(passage);
    return stop.isCut;
  }

  #talkOf(passage: Passage): Talk {
    let talk = this.#talks.get(passage);
    if (talk === undefined) {
      talk = { rest: Buffer.alloc(0), isBegun: false, hasStored: false, stop: undefined };
      this.#talks.set(passage, talk);
    }
    return talk;
  }
}

/** How long the message at the beginning is; `undefined` where that cannot be seen yet. */
function lengthOf(bytes: Buffer, isBegun: boolean): number | undefined {
  if (!isBegun) return bytes.length < 8 ? undefined : bytes.readUInt32BE(0);
  return bytes.length < 5 ? undefined : bytes.readUInt32BE(1) + 1;
}

function end({ client, server }: Passage): void {
  client.destroy();
  server.destroy();
}
