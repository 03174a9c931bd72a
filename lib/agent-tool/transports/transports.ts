import type { ExecutionContext } from '@nestjs/common';
import { graphql } from './graphql';
import { http } from './http';
import { rpc } from './rpc';
import type { Transport } from './transport';
import { webSocket } from './web-socket';

/** The transport a call came over; `undefined` for one that is not known. */
export function transportOf(context: ExecutionContext): Transport | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return http;
    case 'rpc':
      return rpc;
    case 'ws':
      return webSocket;
    case 'graphql':
      return graphql;
    default:
      return undefined;
  }
}
