import type { Server } from 'node:http';
import type { Broker } from '../broker';
/** How long a client may take, in milliseconds. */
export interface ServerLimits {
    /** From the first byte to the end of the headers. */
    headersMs: number;
    /** From the first byte to the end of the body. */
    requestMs: number;
    /** Between two requests on a connection. */
    idleMs: number;
}
/** What a server needs beside its broker. */
export interface BrokerServerOptions {
    /** The management API's. */
    token: string;
    /** Takes the lines of the log, without their ends. */
    log?: (line: string) => void;
    limits?: Partial<ServerLimits>;
    /** A certificate and its key in PEM: the server speaks HTTPS alone. */
    tls?: {
        cert: Buffer;
        key: Buffer;
    };
}
/** The broker on a socket: the management API below `/v1/`, the proxy below `/{vendor}/`. */
export declare function createBrokerServer(broker: Broker, options: BrokerServerOptions): Server;
