/** Whether calls reach a method by a route on which the application's interceptors may be missing. */
export declare function mayMissInterceptors(method: object): boolean;
/** Whether Nest routes calls to a class: a controller, a gateway, a resolver. */
export declare function isRoutedHost(host: object): boolean;
/** Whether Nest routes calls to a method, by whatever transport. */
export declare function isHandler(method: object): boolean;
/** Whether Nest routes HTTP requests to a method. */
export declare function isHttpHandler(method: object): boolean;
/** The name of a method that is an MCP tool every caller may call. */
export declare function mcpToolName(method: object): string | undefined;
/** The name of a method that is an MCP tool. */
export declare function mcpNameOf(method: object): string | undefined;
/** What Nest routes messages to a method by; each MCP server of an application has its own. */
export declare function messageTransport(method: object): unknown;
/** The guards named on a method and on its class. */
export declare function guardsOf(method: object, host: object): unknown[];
