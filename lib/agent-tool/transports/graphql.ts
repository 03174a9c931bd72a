import type { ExecutionContext } from '@nestjs/common';
import type { AgentRequest } from '../identity';
import type { RequestWithVaultKey } from '../request-invocation';
import type { Transport } from './transport';

type Request = Partial<AgentRequest> & RequestWithVaultKey & { raw?: RequestWithVaultKey };

interface GraphQLContext {
  req?: Request & {
    /** Over graphql-ws, `req` is the connection, and what opened it is in here. */
    extra?: { request?: Partial<AgentRequest>; user?: unknown };
  };
  request?: Request;
  user?: unknown;
}

/**
 * GraphQL resolvers: queries, mutations and subscriptions, and field resolvers where the
 * application has interceptors run for them. Each resolver of a request has a key of its own, which
 * goes with its resolver and not with the response: what is read after a resolver has settled is
 * plain data, and its neighbours may take long. A subscription's goes with its iterator.
 */
export const graphql: Transport = {
  requestOf(context): AgentRequest {
    const { req, request, user } = contextOf(context);
    const { extra } = req ?? {};
    const source = extra?.request ?? req ?? request;
    return {
      headers: source?.headers ?? {},
      user: extra?.user ?? source?.user ?? user,
    };
  },
  httpRequestOf(context) {
    const { req, request } = contextOf(context);
    return req ?? request;
  },
  readsIterators: true,
  /** The driver makes an error of it, whose `extensions` hold its code and the rest of its body. */
  answer(exception): never {
    throw exception;
  },
};

function contextOf(context: ExecutionContext): GraphQLContext {
  const args = context.getArgs<unknown[]>();
  // A reference resolver is called without arguments of its own: root, context, info.
  return ((args.length === 3 ? args[1] : args[2]) ?? {}) as GraphQLContext;
}
