import { createSecureContext } from 'node:tls';
import type { Server } from 'node:http';
import type { Broker } from '../broker';
import type { ManagementTokens } from '../http/management-tokens';
import { BROKER_ACTOR } from '../operators/actor';
import type { Actor } from '../operators/actor';
import type { Settings } from './settings';

/** A signal does not say who has sent it. */
const BY_SIGNAL: Actor = { name: BROKER_ACTOR, role: 'admin', isApp: false };

/** What a SIGHUP changes. */
export interface Reloadable {
  broker: Broker;
  tokens: ManagementTokens;
  /** They speak HTTPS where the settings have a certificate. */
  servers: readonly (Server & { setSecureContext?(tls: object): void })[];
}

/**
 * Puts settings that were read again in place of those before: accounts, limits, management tokens and the
 * certificate. What is under way goes on; connections of clients stay as they are.
 *
 * @throws Error where one of them is not valid; then all is as before.
 */
export function reload({ broker, tokens, servers }: Reloadable, settings: Settings): void {
  const { tls } = settings;
  if (tls !== undefined) createSecureContext({ ...tls });
  const also = tokens.are(settings.tokens) ? [] : ['KEYBRAKE_TOKEN changed'];
  broker.reload(settings.broker, BY_SIGNAL, also);
  tokens.replace(settings.tokens);
  if (tls === undefined) return;
  for (const server of servers) server.setSecureContext?.({ ...tls });
}
