import { BrokerClient } from '../broker-client/broker-client';
import type { Brake, NewBrake } from '../broker-client/broker-client';
/** Whom to stop: exactly one scope, a user, run, tool or vendor within a tenant where one is named. */
export type BrakeTarget = 'all' | {
    user: string | number | bigint;
    tenant?: string | number | bigint | undefined;
} | {
    run: string;
    tenant?: string | number | bigint | undefined;
} | {
    tool: string;
    tenant?: string | number | bigint | undefined;
} | {
    vendor: string;
    tenant?: string | number | bigint | undefined;
} | {
    tenant: string | number | bigint;
} | {
    key: string;
};
/** How long a brake stands. */
export interface BrakeOptions {
    /** `30s`, `5m`, `1h`, at most 24 h. Without it the brake stands until it is lifted. */
    expiresIn?: string | undefined;
}
/**
 * Stops agents: new keys and calls with standing ones are refused, in every instance of the
 * application and whatever the broker forwards for others, until the brake is lifted.
 *
 * @example
 * constructor(private readonly brakes: BrakeService) {}
 *
 * async onFraudAlert(userId: string) {
 *   const { id, hit } = await this.brakes.stop({ user: userId }, 'fraud alert', { expiresIn: '1h' });
 *   this.logger.warn(`${hit ?? 'many'} live keys stopped; lift(${id}) lets go`);
 * }
 */
export declare class BrakeService {
    private readonly client;
    constructor(client: BrokerClient);
    /**
     * Puts a brake. Once it resolves, no call of whom it stops is admitted. What has already left for
     * the vendor is not called back.
     *
     * @param target Whom to stop.
     * @param reason Shown to whoever is stopped, and in the audit log: 1–200 characters.
     * @returns The brake. Its `hit` says how many live keys it stopped, and is absent where they are
     * still being counted: {@link list} tells it some moments later.
     * @throws CallRefusedException where the target does not have exactly one scope, where the broker
     * takes no such brake, and `dialect_not_supported` where it has none.
     * @throws VaultKeyUnavailableException where the broker gave no answer: the brake may stand, and
     * to put it again is harmless.
     */
    stop(target: BrakeTarget, reason: string, options?: BrakeOptions): Promise<NewBrake>;
    /**
     * Lifts a brake: whom it stopped is served again, unless another brake stands over them.
     *
     * @throws CallRefusedException 404 `not_found` where none of that id stands.
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    lift(id: string): Promise<void>;
    /**
     * The brakes that stand, the oldest first, whoever put them.
     *
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    list(): Promise<readonly Brake[]>;
}
