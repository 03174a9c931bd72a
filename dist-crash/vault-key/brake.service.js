"use strict";
var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __metadata = (this && this.__metadata) || function (k, v) {
    if (typeof Reflect === "object" && typeof Reflect.metadata === "function") return Reflect.metadata(k, v);
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.BrakeService = void 0;
const common_1 = require("@nestjs/common");
const broker_client_1 = require("../broker-client/broker-client");
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const agent_identity_1 = require("./agent-identity");
const label_1 = require("./label");
const SCOPES = ['user', 'run', 'tool', 'vendor', 'key'];
/** The ids that an application gives, and that keys carry in the form the broker takes. */
const OF_A_SUBJECT = new Set(['user', 'tool', 'tenant']);
const EXAMPLE = "{ run: 'r1' }, { user: 'u1', tenant: 't1' } or 'all'";
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
let BrakeService = class BrakeService {
    client;
    constructor(client) {
        this.client = client;
    }
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
    async stop(target, reason, options = {}) {
        const { expiresIn } = options;
        return this.client.brake({
            ...whom(target),
            reason,
            ...(expiresIn === undefined ? {} : { expiresIn }),
        });
    }
    /**
     * Lifts a brake: whom it stopped is served again, unless another brake stands over them.
     *
     * @throws CallRefusedException 404 `not_found` where none of that id stands.
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    async lift(id) {
        await this.client.lift(id);
    }
    /**
     * The brakes that stand, the oldest first, whoever put them.
     *
     * @throws VaultKeyUnavailableException where the broker gave no answer.
     */
    async list() {
        return this.client.brakes();
    }
};
exports.BrakeService = BrakeService;
exports.BrakeService = BrakeService = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [broker_client_1.BrokerClient])
], BrakeService);
function whom(target) {
    if (target === 'all')
        return { scope: 'all' };
    if (typeof target !== 'object' || target === null)
        throw notOneScope('it names none');
    const given = target;
    // A scope that came out as `undefined` was meant to stop somebody.
    for (const [name, value] of Object.entries(given)) {
        const isScope = name === 'tenant' || SCOPES.some((each) => each === name);
        if (!isScope)
            throw notOneScope(`"${name.slice(0, 64)}" is none`);
        if (value === undefined && name !== 'tenant')
            throw notOneScope(`${name} is undefined`);
    }
    const named = SCOPES.filter((scope) => given[scope] !== undefined);
    const tenant = given['tenant'];
    const [scope, ...others] = named;
    if (others.length > 0)
        throw notOneScope(`it names ${named.join(' and ')}`);
    if (scope === undefined) {
        if (tenant === undefined)
            throw notOneScope('it names none');
        return { scope: 'tenant', target: idOf('tenant', tenant) };
    }
    if (scope === 'key' && tenant !== undefined)
        throw notOneScope('it names key and tenant');
    return {
        scope,
        target: idOf(scope, given[scope]),
        ...(tenant === undefined ? {} : { tenantId: idOf('tenant', tenant) }),
    };
}
function idOf(scope, value) {
    const id = (0, agent_identity_1.idText)(value);
    if (id === undefined) {
        const rule = 'must be a string that is not blank, or an integer';
        throw call_refused_exception_1.CallRefusedException.forArgument(`target.${scope}`, rule);
    }
    return OF_A_SUBJECT.has(scope) ? (0, label_1.subjectId)(id) : id;
}
function notOneScope(what) {
    const rule = `must have exactly one scope, such as ${EXAMPLE}: ${what}`;
    return call_refused_exception_1.CallRefusedException.forArgument('target', rule);
}
