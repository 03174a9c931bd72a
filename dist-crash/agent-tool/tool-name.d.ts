import type { AgentToolOptions } from './agent-tool.decorator';
/** A method that works under a mark. */
export interface NamedMethod {
    mark: AgentToolOptions;
    /** The class of the object that it is called on. */
    host: {
        readonly name: string;
    };
    /** The property it is kept under: a function's own name is what a decorator or a minifier made of it. */
    key: string;
    /** What carries its metadata. */
    method: object;
}
/** Remembers the property that a mark stands on, or that a function is kept under. */
export declare function rememberKey(markOrMethod: object, key: string): void;
/** The property of a class that a handler is kept under; `undefined` where it is not to be found. */
export declare function keyOf(handler: object, host: {
    readonly prototype: object;
}, mark?: object): string | undefined;
/** What budgets, brakes and the audit log know a tool by. */
export declare function toolNameOf({ mark, host, key, method }: NamedMethod): string;
/** Whether a tool is named by its class, whose name a minifier may have made. */
export declare function hasMinifiedName({ mark, host, method }: NamedMethod): boolean;
