import type { EventEmitter } from 'node:events';
/** What the interceptor needs of a response; Node's have it, over HTTP/1 and HTTP/2. */
export interface ClosableResponse extends EventEmitter {
    readonly closed?: boolean | undefined;
    readonly destroyed?: boolean | undefined;
    readonly writableFinished?: boolean | undefined;
    /** Of an HTTP/2 response, which itself does not say whether it is closed. */
    readonly stream?: {
        readonly closed: boolean;
        readonly destroyed: boolean;
    } | undefined;
    /** `null` while the response waits for those of earlier requests on its connection. */
    readonly socket?: object | null | undefined;
    readonly req?: {
        readonly socket: EventEmitter & {
            readonly destroyed: boolean;
        };
    } | undefined;
}
/** Whether the response is over: sent in whole, or its client gone. */
export declare function isClosed(response: ClosableResponse): boolean;
/** Calls back once the response is over. */
export declare function onceClosed(response: ClosableResponse, callback: () => void): void;
