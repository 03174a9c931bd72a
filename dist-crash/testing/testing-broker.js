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
exports.TestingBroker = void 0;
const common_1 = require("@nestjs/common");
const core_1 = require("@nestjs/core");
const broker_client_1 = require("../broker-client/broker-client");
const embedded_broker_client_1 = require("../broker-client/embedded-broker.client");
const agent_identity_1 = require("../vault-key/agent-identity");
const label_1 = require("../vault-key/label");
const VENDOR = 'stripe';
const EXAMPLES = "'all', { user: 'u1' }, { user: 'u1', tenant: 't1' }, { run: 'r1', user: 'u1' }";
/**
 * What can be wrong at the broker of an application under test: a cap that is reached, a broker
 * that is down. It is the application's own broker that refuses, in its own words.
 *
 * @example
 * ```ts
 * await app.get(TestingBroker).exhaust({ user: 'u1' });
 * // … every call that costs is answered 402 spend_cap_exceeded
 * await app.get(TestingBroker).reset();
 * ```
 */
let TestingBroker = class TestingBroker {
    moduleRef;
    /** What stood over each subject before, by its path. */
    #before = new Map();
    constructor(moduleRef) {
        this.moduleRef = moduleRef;
    }
    /**
     * Lets nothing be left under a day's cap: a budget is set to what has been spent under it. Calls
     * that cost are refused from now on, in runs under way too; reads and what costs nothing pass.
     *
     * @param target Everybody by default.
     * @throws TypeError for a target without exactly one scope, or with an id that is none.
     */
    async exhaust(target = 'all') {
        const path = budgetPath(target);
        const broker = this.#broker;
        const name = JSON.stringify(path);
        if (!this.#before.has(name)) {
            const { budgets } = await broker.budgets();
            const standing = budgets.find((budget) => isOver(budget, path));
            this.#before.set(name, { path, cap: standing?.daily_usd_cap });
        }
        const { scope, id, ...within } = path;
        const { spent_usd: spent = 0, held_usd: held = 0 } = await broker.putBudget(scope, id, {
            ...within,
            daily_usd_cap: 0,
        });
        const cap = Math.floor(Math.round((spent + held) * 1e6) / 1e4) / 100;
        if (cap > 0)
            await broker.putBudget(scope, id, { ...within, daily_usd_cap: cap });
    }
    /**
     * Takes the broker down, until {@link reset}: no key is to be had, so that no handler begins, and
     * calls under the keys of invocations under way reach no vendor. Both are 503
     * `vault_key_unavailable`. `EmbeddedBroker` still tells what it knows.
     */
    goDown() {
        this.#client.isDown = true;
    }
    /** Undoes all that was done here, and leaves spend, keys and brakes as they are. */
    async reset() {
        const broker = this.#broker;
        this.#client.isDown = false;
        for (const [name, { path, cap }] of this.#before) {
            this.#before.delete(name);
            const { scope, id, ...within } = path;
            if (cap === undefined)
                await broker.deleteBudget(path);
            else
                await broker.putBudget(scope, id, { ...within, daily_usd_cap: cap });
        }
    }
    get #client() {
        const client = this.moduleRef.get(broker_client_1.BrokerClient, { strict: false });
        if (client instanceof embedded_broker_client_1.EmbeddedBrokerClient)
            return client;
        throw new TypeError('Only a broker that is embedded can be taken down in a test.');
    }
    get #broker() {
        return this.moduleRef.get(embedded_broker_client_1.EmbeddedBroker, { strict: false });
    }
};
exports.TestingBroker = TestingBroker;
exports.TestingBroker = TestingBroker = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [core_1.ModuleRef])
], TestingBroker);
function isOver(budget, path) {
    return (budget.scope === path.scope &&
        budget.id === path.id &&
        budget.tenant_id === path.tenant_id &&
        budget.user_id === path.user_id);
}
function budgetPath(target) {
    if (target === 'all')
        return { scope: 'vendor', id: VENDOR };
    const given = { ...target };
    const id = (field) => {
        const text = (0, agent_identity_1.idText)(given[field]);
        if (text === undefined) {
            throw new TypeError(`${field} must be a string that is not blank, or an integer.`);
        }
        return field === 'run' ? text : (0, label_1.subjectId)(text);
    };
    const tenant = given['tenant'] === undefined ? {} : { tenant_id: id('tenant') };
    const fields = Object.keys(given).sort().join();
    switch (fields) {
        case 'tenant':
            return { scope: 'tenant', id: id('tenant') };
        case 'user':
        case 'tenant,user':
            return { scope: 'user', id: id('user'), ...tenant };
        case 'run':
        case 'run,tenant':
        case 'run,user':
        case 'run,tenant,user': {
            const user = given['user'] === undefined ? agent_identity_1.ANONYMOUS : id('user');
            return { scope: 'run', id: id('run'), ...tenant, user_id: user };
        }
        case 'tool':
            return { scope: 'tool', id: id('tool') };
        default:
            throw new TypeError(`Whose cap? One of ${EXAMPLES}, not { ${fields} }.`);
    }
}
