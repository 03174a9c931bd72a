import type { AgentToolOptions } from './agent-tool.decorator';
/** A call of a marked method that no interceptor has opened a run for. */
export interface ToolCall {
    mark: AgentToolOptions;
    /** What stands in the method's place, with the metadata of the decorators on it. */
    marked: object;
    /** The method itself. */
    method: object;
    /** `Class.method`. */
    tool: string;
    args: readonly unknown[];
    work: () => unknown;
}
/** Gives calls of marked methods a run: one of an application. */
export interface ToolRuns {
    run(call: ToolCall): unknown;
}
/** Lets the marked methods of an object that the container has made find its application's runs. */
export declare function bindObject(host: object, runs: ToolRuns): void;
/** The same for a class whose objects are made later: request-scoped and transient ones. */
export declare function bindClass(host: object, runs: ToolRuns): void;
export declare function unbindClass(host: object, runs: ToolRuns): void;
/** @throws VaultKeyMissingException `not_bound` where it cannot be told whose the object is. */
export declare function toolRunsOf(host: unknown, tool: string): ToolRuns;
