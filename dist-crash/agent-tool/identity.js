"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RUN_ID_HEADER = exports.identifyNobody = exports.IDENTIFY_AGENT = void 0;
exports.userIdOf = userIdOf;
exports.runIdOf = runIdOf;
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const agent_identity_1 = require("../vault-key/agent-identity");
const agent_identity_2 = require("../vault-key/agent-identity");
/** The token of the application's own {@link IdentifyAgent}. */
exports.IDENTIFY_AGENT = Symbol.for('nestjs-vault-key:identify-agent');
/** What is asked where the application says nothing. */
const identifyNobody = () => undefined;
exports.identifyNobody = identifyNobody;
/** Where a caller names its run; in lower case, as headers are kept. */
exports.RUN_ID_HEADER = 'x-agent-run-id';
/**
 * The user a guard put on the request: the first of `id`, `userId` and `sub` that is a string or
 * an integer; `anon` without a user.
 *
 * @throws CallRefusedException `invalid_identity` for a user with none of them.
 */
function userIdOf(request) {
    const { user } = request;
    if (user === undefined || user === null)
        return agent_identity_1.ANONYMOUS;
    const fields = user;
    const id = (0, agent_identity_1.idText)(fields['id']) ?? (0, agent_identity_1.idText)(fields['userId']) ?? (0, agent_identity_1.idText)(fields['sub']);
    if (id !== undefined)
        return id;
    throw (0, agent_identity_1.invalidIdentity)('request.user has no id, userId or sub that is a string or an integer; tell the user apart with `identify: (context) => ({ userId })`');
}
/**
 * The agent's run, from `X-Agent-Run-ID`; a new one where the header is absent.
 *
 * @throws CallRefusedException `invalid_run_id`, 400.
 */
function runIdOf(request) {
    const runId = request.headers[exports.RUN_ID_HEADER];
    if (runId === undefined)
        return (0, agent_identity_1.newRunId)();
    if ((0, agent_identity_1.isRunId)(runId))
        return runId;
    throw new call_refused_exception_1.CallRefusedException({
        status: 400,
        code: 'invalid_run_id',
        message: `The run id, X-Agent-Run-ID, ${agent_identity_2.RUN_ID_RULE}, given once. Nothing was run.`,
        param: 'X-Agent-Run-ID',
    });
}
