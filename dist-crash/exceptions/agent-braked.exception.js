"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.AgentBrakedException = void 0;
const common_1 = require("@nestjs/common");
const known_details_1 = require("./known-details");
const vault_key_exception_1 = require("./vault-key.exception");
/**
 * An operator has stopped this agent, user, tool or tenant: new keys and calls with standing ones
 * are refused. Answered as 403 `agent_braked`.
 */
class AgentBrakedException extends vault_key_exception_1.VaultKeyException {
    /** Over whom the brake stands: `key`, `tenant`, `user`, `run`, `tool`, `vendor` or `all`. */
    scope;
    /** The operator's reason. */
    reason;
    constructor(init = {}) {
        const over = init.scope === undefined ? '' : ` for this ${init.scope}`;
        const why = init.reason === undefined ? '' : ` Their reason: ${init.reason}.`;
        super({
            code: 'agent_braked',
            message: `An operator has stopped agent spending${init.scope === 'all' ? '' : over}.${why} Nothing was sent to the vendor. Stop, and ask a person; only an operator can lift the brake.`,
            status: common_1.HttpStatus.FORBIDDEN,
            retryable: false,
            details: (0, known_details_1.knownDetails)({
                scope: init.scope,
                reason: init.reason,
            }),
        });
        this.scope = init.scope;
        this.reason = init.reason;
    }
}
exports.AgentBrakedException = AgentBrakedException;
