import type { ArgumentsHost } from '@nestjs/common';
import { graphql } from './graphql';
import { http, isHttp } from './http';
import { isMcp, mcp } from './mcp';
import { rpc } from './rpc';
import type { Transport } from './transport';
import { webSocket } from './web-socket';

/** The transport a call came over; `undefined` for one that is not known. */
export function transportOf(host: ArgumentsHost): Transport | undefined {
  switch (host.getType<string>()) {
    case 'http':
      return isHttp(host) ? http : undefined;
    case 'rpc':
      return isMcp(host) ? mcp : rpc;
    case 'ws':
      return webSocket;
    case 'graphql':
      return graphql;
    default:
      return undefined;
  }
}
