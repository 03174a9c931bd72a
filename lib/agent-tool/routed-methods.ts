/**
 * What Nest's and its packages' own decorators put on a method that calls are routed to, HTTP's
 * apart. Over HTTP the application's interceptors always run; over these they may not: hybrid
 * applications and GraphQL's field resolvers leave them out unless told otherwise.
 */
const ROUTE_METADATA = [
  'microservices:pattern',
  'websockets:message_mapping',
  'graphql:resolver_type',
  'graphql:resolve_property',
  'graphql:resolve_reference',
];

const HOST_METADATA = ['__controller__', 'websockets:is_gateway', 'graphql:resolver_type'];

/** Whether calls reach a method by a route on which the application's interceptors may be missing. */
export function mayMissInterceptors(method: object): boolean {
  return ROUTE_METADATA.some((key) => Reflect.hasMetadata(key, method));
}

/** Whether Nest routes calls to a class: a controller, a gateway, a resolver. */
export function isRoutedHost(host: object): boolean {
  return HOST_METADATA.some((key) => Reflect.hasMetadata(key, host));
}
