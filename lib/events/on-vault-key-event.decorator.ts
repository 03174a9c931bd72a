import 'reflect-metadata';
import type { EventKind } from '../broker/events/event';
import type { VaultKeyEvent, VaultKeyEventOfKind } from './vault-key-event';

const HANDLED = Symbol.for('nestjs-vault-key:handled-events');

/** What a method may handle: one kind, or `*` for all. */
export type HandledKind = EventKind | '*';

/** The event that a method which handles a kind is called with. */
export type HandledEvent<Kind extends HandledKind> = Kind extends EventKind
  ? VaultKeyEventOfKind<Kind>
  : VaultKeyEvent;

/**
 * Has a method of a provider or controller called with each event of a kind, from the start of the
 * application to its end. It is not waited for, and what it throws is logged.
 *
 * @param kind Which events; `*` for all.
 * @example
 * \@OnVaultKeyEvent('threshold')
 * warn({ scope, percent, remainingUsd }: VaultKeyThresholdEvent) { … }
 */
export function OnVaultKeyEvent<Kind extends HandledKind>(kind: Kind) {
  return <Method extends (event: HandledEvent<Kind>) => unknown>(
    _target: object,
    _name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const method = descriptor.value as unknown as object;
    Reflect.defineMetadata(HANDLED, [...handledKinds(method), kind], method);
  };
}

/** The kinds of events that a method is called with. */
export function handledKinds(method: object): readonly HandledKind[] {
  return (Reflect.getMetadata(HANDLED, method) as readonly HandledKind[] | undefined) ?? [];
}
