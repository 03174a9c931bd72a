import { BrokerClient } from './broker-client';
import type { Brake, BrakeRequest, BrokerDialect, IssueKeyRequest, IssueResult, KeyStanding, RevokeResult, VendorAnswer, VendorCall } from './broker-client';
/** Where the broker is, and how to speak with it. */
export interface HttpBrokerClientOptions {
    /** The management API; `/v1/keys` is added. */
    url: string;
    /** The proxy; `/{vendor}/…` is added. */
    proxyUrl: string;
    /** The management token. */
    token: string;
    dialect: BrokerDialect;
    /**
     * Milliseconds a proxied call may wait for its answer: the broker's own vendor time-out, and some
     * more.
     *
     * @default 85_000
     */
    callTimeoutMs?: number;
    /**
     * Milliseconds until a connection stands.
     *
     * @default 2_000
     */
    connectTimeoutMs?: number;
    /**
     * Milliseconds an issue or a revocation may take, once the connection stands.
     *
     * @default 5_000
     */
    answerTimeoutMs?: number;
}
/**
 * The broker as a server: Keybrake's, or this package's own `vault-key-broker`. Connections are
 * kept alive; redirects are not followed, and proxies named in the environment are not used, since
 * either would hand a token to another host.
 */
export declare class HttpBrokerClient extends BrokerClient {
    #private;
    readonly dialect: BrokerDialect;
    constructor(options: HttpBrokerClientOptions);
    issue(request: IssueKeyRequest): Promise<IssueResult>;
    revoke(ids: readonly string[]): Promise<RevokeResult>;
    forward(call: VendorCall): Promise<VendorAnswer>;
    relay(call: VendorCall): Promise<VendorAnswer>;
    standing({ token, vendor, }: {
        token: string;
        vendor: string;
    }): Promise<KeyStanding>;
    brake(request: BrakeRequest): Promise<Brake>;
    lift(brakeId: string): Promise<void>;
    brakes(): Promise<readonly Brake[]>;
    beginLease(ttlSeconds: number): Promise<string>;
    renewLease(leaseId: string): Promise<boolean>;
    endLease(leaseId: string): Promise<void>;
    close(): Promise<void>;
}
