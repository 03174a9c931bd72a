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
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.AgentToolInterceptor = void 0;
const common_1 = require("@nestjs/common");
const rxjs_1 = require("rxjs");
const call_refused_exception_1 = require("../exceptions/call-refused.exception");
const vault_key_exception_1 = require("../exceptions/vault-key.exception");
const agent_identity_1 = require("../vault-key/agent-identity");
const label_1 = require("../vault-key/label");
const run_context_1 = require("../vault-key/run-context");
const agent_tool_decorator_1 = require("./agent-tool.decorator");
const agent_tool_runner_1 = require("./agent-tool.runner");
const identity_1 = require("./identity");
const request_run_1 = require("./request-run");
const response_close_1 = require("./response-close");
const streamed_body_1 = require("./streamed-body");
const tool_name_1 = require("./tool-name");
const transports_1 = require("./transports/transports");
/**
 * Gives each run of a handler marked with `@AgentTool` a vault key: issued after the guards and
 * before the pipes, revoked once the handler has settled and, over HTTP, the response has closed.
 * Handlers without a mark are passed through, in the context of the run that a
 * {@link VaultKeyMiddleware} may have opened for their request.
 *
 * Its protected methods are the places to adapt it: extend the class, override what differs, and
 * register the subclass as `APP_INTERCEPTOR` in the root module. It runs before the module's own,
 * which passes through what already has its run. At gateways NestJS 11 asks no interceptor of the
 * application: there the subclass goes with `@UseInterceptors` on the gateway. What else it needs it
 * takes by property injection.
 */
let AgentToolInterceptor = class AgentToolInterceptor {
    runner;
    identifyAgent;
    constructor(runner, identifyAgent) {
        this.runner = runner;
        this.identifyAgent = identifyAgent;
    }
    intercept(context, next) {
        const mark = this.toolOf(context);
        const around = (0, request_run_1.attachedRun)((0, transports_1.transportOf)(context)?.httpRequestOf?.(context));
        if (mark === undefined) {
            return around === undefined
                ? next.handle()
                : new rxjs_1.Observable((subscriber) => handle({ next, run: around, subscriber }));
        }
        // Registered twice (the module imported twice, or @UseInterceptors beside it), the second one
        // finds the run that the first one opened for this very call.
        if (isOpenFor(context))
            return next.handle();
        return new rxjs_1.Observable((subscriber) => {
            const run = () => this.#run(mark, context, next, subscriber);
            if (around === undefined)
                run();
            else
                around.enter(run);
        });
    }
    /** The mark that counts for the handler; `undefined` leaves it alone. */
    toolOf(context) {
        return (0, agent_tool_decorator_1.agentToolMark)(context.getHandler(), context.getClass());
    }
    /**
     * What the call's user and run are read from: over HTTP the request, over other transports what
     * stands in its place.
     *
     * @throws CallRefusedException `transport_not_supported`, 501, over a transport that is not known.
     */
    requestOf(context) {
        const transport = (0, transports_1.transportOf)(context);
        if (transport !== undefined)
            return transport.requestOf(context);
        throw new call_refused_exception_1.CallRefusedException({
            status: 501,
            code: 'transport_not_supported',
            message: `${methodName(context)} is marked with @AgentTool and was called over "${context.getType()}", a transport of which it is not known who calls, so it was not run. To serve that transport, extend AgentToolInterceptor, override requestOf() and identify() in it, and register it as APP_INTERCEPTOR in the root module.`,
        });
    }
    /** The response whose end the key waits for; `undefined` where there is none to wait for. */
    responseOf(context) {
        return (0, transports_1.transportOf)(context)?.responseOf?.(context);
    }
    /** On whose behalf the call works: the application's `identify`, completed from the request. */
    identify(context) {
        const given = this.identifyAgent(context);
        return isThenable(given)
            ? given.then((identity) => this.#complete(identity, context))
            : this.#complete(given, context);
    }
    /** The key's label, 1–200 printable characters: what key lists and the audit log show. */
    labelFor(identity, _context) {
        return (0, label_1.keyLabel)('nest', identity.userId, identity.runId);
    }
    #run(mark, context, next, subscriber) {
        let response;
        try {
            // Asked first whatever `identify` may know: a transport it cannot serve opens no run.
            this.requestOf(context);
            response = this.responseOf(context);
            if (response !== undefined && (0, response_close_1.isClosed)(response))
                throw clientGoneBefore(context);
        }
        catch (error) {
            subscriber.error(error);
            return;
        }
        let clientGone = false;
        let answered = () => { };
        if (response !== undefined) {
            (0, response_close_1.onceClosed)(response, () => {
                clientGone = true;
                answered();
            });
        }
        const enterHandler = (run) => {
            const transport = (0, transports_1.transportOf)(context);
            if (subscriber.closed || clientGone || transport?.callerGone?.(context) === true) {
                run.end();
                subscriber.error(clientGoneBefore(context));
                return;
            }
            if (response !== undefined)
                answered = run.keepOpen();
            handle({ next, run, subscriber, transport, context });
        };
        this.#open(mark, context).then(enterHandler, (error) => subscriber.error(error));
    }
    async #open(mark, context) {
        const identified = this.identify(context);
        const identity = isThenable(identified) ? await identified : identified;
        const label = this.labelFor(identity, context);
        return this.runner.open(mark, { identity, args: context.getArgs(), execution: context }, { label, execution: context, mark });
    }
    /** @throws CallRefusedException `invalid_identity` where the handler cannot be told. */
    #toolNameOf(context) {
        const [host, method] = [context.getClass(), context.getHandler()];
        const mark = this.toolOf(context);
        const named = mark?.tool ?? (0, transports_1.transportOf)(context)?.toolNameOf?.(context);
        if (named !== undefined)
            return named;
        const key = (0, tool_name_1.keyOf)(method, host, mark);
        if (mark !== undefined && key !== undefined)
            return (0, tool_name_1.toolNameOf)({ mark, host, key, method });
        throw (0, agent_identity_1.invalidIdentity)(`the handler of ${host.name} is no property of its class, so its tool has no name`, 'Name it: @AgentTool({ tool }).');
    }
    #complete(given, context) {
        const { userId, runId, tenantId, tool } = (0, agent_identity_1.readIdentity)(given);
        return {
            userId: userId ?? (0, identity_1.userIdOf)(this.requestOf(context)),
            runId: runId ?? (0, identity_1.runIdOf)(this.requestOf(context)),
            tool: tool ?? this.#toolNameOf(context),
            ...(tenantId === undefined ? {} : { tenantId }),
        };
    }
};
exports.AgentToolInterceptor = AgentToolInterceptor;
exports.AgentToolInterceptor = AgentToolInterceptor = __decorate([
    (0, common_1.Injectable)(),
    __param(1, (0, common_1.Inject)(identity_1.IDENTIFY_AGENT)),
    __metadata("design:paramtypes", [agent_tool_runner_1.AgentToolRunner, Function])
], AgentToolInterceptor);
/** Runs a handler in a run, which stays open at least until the handler has settled. */
function handle({ next, run, subscriber, transport, context }) {
    const settled = run.keepOpen();
    // Before anyone outside hears of it: who retries does so at once, and gets a new run.
    const handled = () => run.handled();
    const handling = new rxjs_1.Subscription();
    const stop = () => {
        handled();
        settled();
        handling.unsubscribe();
    };
    let given = false;
    subscriber.add(() => {
        const gone = context !== undefined && transport?.callerGone?.(context) === true;
        if (given || handling.closed || !gone)
            stop();
        // Nobody waits for its answer any more, and a tool in the middle of its work still ends it.
        else
            handling.add(atExpiry(run, stop));
    });
    const enter = (work) => run.enter(work);
    try {
        const source = enter(() => next.handle().subscribe({
            next: (value) => {
                given = true;
                if (subscriber.closed) {
                    stop();
                    return;
                }
                (0, streamed_body_1.keepContext)(value, enter);
                if (transport?.readsIterators === true)
                    keepUntilRead(value, run);
                subscriber.next(value);
            },
            error: (error) => {
                handled();
                subscriber.error(vault_key_exception_1.VaultKeyException.from(error) ?? error);
                stop();
            },
            complete: () => {
                handled();
                subscriber.complete();
                stop();
            },
        }));
        handling.add(source);
    }
    catch (error) {
        subscriber.error(error);
        stop();
    }
}
/** Keeps a run open until an iterator that its handler gave has been read to the end. */
function keepUntilRead(value, run) {
    if (!(0, streamed_body_1.isIterator)(value))
        return;
    const read = run.keepOpen();
    const timer = atExpiry(run, read);
    (0, streamed_body_1.onceRead)(value, () => {
        timer.unsubscribe();
        read();
    });
}
/** Calls back when the key of a run has expired: nothing is worth waiting for any longer. */
function atExpiry({ key }, callback) {
    const timer = setTimeout(callback, key.expiresAt.getTime() - Date.now());
    timer.unref();
    return new rxjs_1.Subscription(() => clearTimeout(timer));
}
function isOpenFor(execution) {
    for (let run = (0, run_context_1.currentRun)(); run !== undefined; run = run.outer) {
        if (run.execution === execution && run.handled !== true && !run.key.ended)
            return true;
    }
    return false;
}
function methodName(context) {
    const [host, handler] = [context.getClass(), context.getHandler()];
    return `${host.name}.${(0, tool_name_1.keyOf)(handler, host, (0, agent_tool_decorator_1.agentToolMark)(handler, host)) ?? handler.name}`;
}
function clientGoneBefore(context) {
    return new call_refused_exception_1.CallRefusedException({
        status: 499,
        code: 'client_closed_request',
        message: `The client had gone before ${methodName(context)} could begin, so it was not run.`,
    });
}
function isThenable(value) {
    return value !== null && typeof value === 'object' && 'then' in value;
}
