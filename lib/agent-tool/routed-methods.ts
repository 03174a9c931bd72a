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

/** Whether Nest routes calls to a method, by whatever transport. */
export function isHandler(method: object): boolean {
  return isHttpHandler(method) || mayMissInterceptors(method);
}

/** Whether Nest routes HTTP requests to a method. */
export function isHttpHandler(method: object): boolean {
  return Reflect.hasMetadata('path', method) && Reflect.hasMetadata('method', method);
}

/** The name of a method that is an MCP tool every caller may call. */
export function mcpToolName(method: object): string | undefined {
  const restricted = ['mcp:scopes', 'mcp:roles'].some((key) => Reflect.hasMetadata(key, method));
  return restricted ? undefined : mcpNameOf(method);
}

/** The name of a method that is an MCP tool. */
export function mcpNameOf(method: object): string | undefined {
  const extras = Reflect.getMetadata('microservices:pattern_extras', method) as
    { mcpType?: unknown; mcpName?: string } | undefined;
  return extras?.mcpType === 'tool' ? extras.mcpName : undefined;
}

/** What Nest routes messages to a method by; each MCP server of an application has its own. */
export function messageTransport(method: object): unknown {
  return Reflect.getMetadata('microservices:transport', method);
}

/** The guards named on a method and on its class. */
export function guardsOf(method: object, host: object): unknown[] {
  return [host, method].flatMap(
    (each) => (Reflect.getMetadata('__guards__', each) ?? []) as unknown[],
  );
}
