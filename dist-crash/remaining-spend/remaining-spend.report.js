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
exports.RemainingSpendReport = exports.VIEW_POLICY = void 0;
const common_1 = require("@nestjs/common");
const agent_tool_explorer_1 = require("../agent-tool/agent-tool.explorer");
const routed_methods_1 = require("../agent-tool/routed-methods");
const usd_text_1 = require("../exceptions/usd-text");
const current_vault_key_1 = require("../vault-key/current-vault-key");
const vault_key_policy_1 = require("../vault-key/vault-key-policy");
/**
 * What the key of the view itself may do: nothing that costs, and the endpoint is never called.
 * Only its budgets are asked for.
 */
exports.VIEW_POLICY = {
    dailyUsdCap: 0,
    allowedEndpoints: ['/v1/balance'],
    expiresIn: '30s',
};
/** What an agent's budgets say, and not the view's own key, which is gone with the answer. */
const BUDGET_SCOPES = new Set(['tenant', 'user', 'run', 'vendor']);
/** Tells an agent what it may still spend. Asked in a run of the agent's. */
let RemainingSpendReport = class RemainingSpendReport {
    vaultKeys;
    explorer;
    constructor(vaultKeys, explorer) {
        this.vaultKeys = vaultKeys;
        this.explorer = explorer;
    }
    /**
     * @param transport Whose tools' caps are told.
     * @param view Who asks: over HTTP the tools that are told have no guard that it has not; over MCP
     * they are of its server.
     * @throws CallRefusedException `dialect_not_supported`, 501, where the broker cannot tell.
     * @throws AgentBrakedException where an operator has stopped the agent.
     */
    async read(transport, view) {
        const { userId: user, runId: run, tenantId: tenant } = this.vaultKeys.get();
        const { caps } = await this.vaultKeys.remaining();
        const budgets = caps.filter(({ scope }) => BUDGET_SCOPES.has(scope));
        const tightest = budgets.reduce((least, cap) => (least === undefined || cap.remaining < least.remaining ? cap : least), undefined);
        const tools = this.#capsOf(transport, view);
        return {
            summary: [summaryOf(tightest), ...budgets.map(budgetText), ...tools.map(toolText)].join('\n'),
            user,
            run,
            ...(tenant === undefined ? {} : { tenant }),
            ...(tightest === undefined ? {} : { remaining: tightest.remaining }),
            budgets,
            tools,
        };
    }
    #capsOf(transport, view) {
        const nameOf = transport === 'mcp' ? mcpNames(view) : httpNames(view);
        return this.explorer.markedMethods().flatMap((marked) => {
            const { dailyUsdCap: cap, allowedEndpoints } = marked.mark;
            const isView = allowedEndpoints === exports.VIEW_POLICY.allowedEndpoints;
            const tool = isView || typeof cap !== 'number' ? undefined : nameOf(marked);
            return tool === undefined ? [] : [{ tool, cap: (0, vault_key_policy_1.toWholeCents)(cap) }];
        });
    }
};
exports.RemainingSpendReport = RemainingSpendReport;
exports.RemainingSpendReport = RemainingSpendReport = __decorate([
    (0, common_1.Injectable)(),
    __metadata("design:paramtypes", [current_vault_key_1.CurrentVaultKey,
        agent_tool_explorer_1.AgentToolExplorer])
], RemainingSpendReport);
function mcpNames({ remainingSpend }) {
    const server = (0, routed_methods_1.messageTransport)(remainingSpend);
    return ({ method }) => ((0, routed_methods_1.messageTransport)(method) === server ? (0, routed_methods_1.mcpToolName)(method) : undefined);
}
/** A tool behind a guard that has not let this caller in may be none of its business. */
function httpNames(view) {
    const passed = new Set((0, routed_methods_1.guardsOf)(view.remainingSpend, view.constructor));
    return ({ tool, method, host }) => (0, routed_methods_1.isHttpHandler)(method) && (0, routed_methods_1.guardsOf)(method, host).every((guard) => passed.has(guard))
        ? tool
        : undefined;
}
function summaryOf(tightest) {
    if (tightest === undefined) {
        return 'No budget stands over you: what you spend is limited by the caps of the single calls.';
    }
    const { scope, remaining, resetsAt } = tightest;
    const wait = resetsAt === undefined ? 'ask a person' : `wait until ${resetsAt}, or ask a person`;
    return remaining > 0
        ? `You may spend at most ${(0, usd_text_1.usdText)(remaining)} more. A call that would cost more is refused: do not make it, ${wait}.`
        : `Nothing is left of the budget of this ${scope}. Do not make calls that spend money: ${wait}.`;
}
function budgetText({ scope, cap, spent, held, remaining, resetsAt }) {
    const resets = resetsAt === undefined ? '' : ` It starts afresh at ${resetsAt}.`;
    return `The budget of this ${scope}: ${(0, usd_text_1.usdText)(cap)} a day, of which ${(0, usd_text_1.usdText)(spent)} is spent, ${(0, usd_text_1.usdText)(held)} is reserved by calls in flight or of unknown outcome, and ${(0, usd_text_1.usdText)(remaining)} is left.${resets}`;
}
function toolText({ tool, cap }) {
    return cap === 0
        ? `A call of ${tool} spends nothing new.`
        : `One call of ${tool} may cost at most ${(0, usd_text_1.usdText)(cap)}.`;
}
