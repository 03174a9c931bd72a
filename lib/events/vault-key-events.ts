import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Observable, filter, share } from 'rxjs';
import { EVENT_KINDS } from '../broker/events/event';
import type { BrokerEvent, EventKind } from '../broker/events/event';
import { BrokerClient } from '../broker-client/broker-client';
import { camelCased } from '../broker-operator/field-names';
import type {
  VaultKeyApprovalEvent,
  VaultKeyBrakeEvent,
  VaultKeyBudgetEvent,
  VaultKeyCallEvent,
  VaultKeyEvent,
  VaultKeyEventOfKind,
  VaultKeyFailedStoreEvent,
  VaultKeyIssueEvent,
  VaultKeyLiftEvent,
  VaultKeyRaiseEvent,
  VaultKeyRefusalEvent,
  VaultKeySettlementEvent,
  VaultKeyThresholdEvent,
  VaultKeyUnknownHoldEvent,
} from './vault-key-event';

/**
 * What happens in the broker, as it happens: of all instances of the application, and of all that the broker
 * does for others. It is read while somebody subscribes: a broker that is a server over one connection, which is
 * opened again where it breaks, after the last event that came. What happens while nobody subscribes is not told.
 *
 * @example
 * constructor(events: VaultKeyEvents) {
 *   events.threshold$.subscribe(({ scope, percent, remainingUsd }) => …);
 * }
 */
@Injectable()
export class VaultKeyEvents implements OnApplicationShutdown {
  /** All of them, in their order. */
  readonly all$: Observable<VaultKeyEvent>;
  /** A vault key was issued. */
  readonly issue$: Observable<VaultKeyIssueEvent>;
  /** A call that was admitted has ended. */
  readonly call$: Observable<VaultKeyCallEvent>;
  /** What a call has spent was changed by something else than its own answer. */
  readonly settlement$: Observable<VaultKeySettlementEvent>;
  /** A call was refused. */
  readonly refusal$: Observable<VaultKeyRefusalEvent>;
  /** Spent and held have come to a part of a budget's cap. */
  readonly threshold$: Observable<VaultKeyThresholdEvent>;
  /** An operator has changed a budget. */
  readonly budget$: Observable<VaultKeyBudgetEvent>;
  /** Caps were raised for a while, or a raise was ended. */
  readonly raise$: Observable<VaultKeyRaiseEvent>;
  /** A brake was set. */
  readonly brake$: Observable<VaultKeyBrakeEvent>;
  /** A brake was lifted. */
  readonly lift$: Observable<VaultKeyLiftEvent>;
  /** An approval was asked for or decided. */
  readonly approval$: Observable<VaultKeyApprovalEvent>;
  /** Nobody can tell whether the vendor has executed a call. */
  readonly unknownHold$: Observable<VaultKeyUnknownHoldEvent>;
  /** The broker's store cannot be written, or can be again. */
  readonly failedStore$: Observable<VaultKeyFailedStoreEvent>;
  readonly #logger = new Logger('VaultKeyEvents');
  readonly #shutDown = new AbortController();

  constructor(private readonly client: BrokerClient) {
    this.all$ = new Observable<VaultKeyEvent>((subscriber) => {
      const left = new AbortController();
      const signal = AbortSignal.any([left.signal, this.#shutDown.signal]);
      const log = (line: string): void => this.#logger.warn(line);
      void (async () => {
        try {
          for await (const event of this.client.events({ signal, log })) {
            subscriber.next(eventOf(event));
          }
          subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        }
      })();
      return () => left.abort();
    }).pipe(share());
    this.issue$ = this.of('issue');
    this.call$ = this.of('call');
    this.settlement$ = this.of('settlement');
    this.refusal$ = this.of('refusal');
    this.threshold$ = this.of('threshold');
    this.budget$ = this.of('budget');
    this.raise$ = this.of('raise');
    this.brake$ = this.of('brake');
    this.lift$ = this.of('lift');
    this.approval$ = this.of('approval');
    this.unknownHold$ = this.of('unknown_hold');
    this.failedStore$ = this.of('failed_store');
  }

  /** Those of one kind. */
  of<Kind extends EventKind>(kind: Kind): Observable<VaultKeyEventOfKind<Kind>> {
    return this.all$.pipe(
      filter((event): event is VaultKeyEventOfKind<Kind> => event.kind === kind),
    );
  }

  onApplicationShutdown(): void {
    this.#shutDown.abort();
  }
}

/** Of a kind that a newer broker tells nothing is known here. */
function eventOf(event: BrokerEvent): VaultKeyEvent {
  return camelCased(event);
}

/** Whether a text names a kind of events. */
export function isEventKind(text: unknown): text is EventKind {
  return EVENT_KINDS.some((kind) => kind === text);
}
