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
exports.RemainingSpendTool = void 0;
const common_1 = require("@nestjs/common");
const agent_tool_decorator_1 = require("../agent-tool/agent-tool.decorator");
const remaining_spend_report_1 = require("../remaining-spend/remaining-spend.report");
const mcp_nest_1 = require("./mcp-nest");
// At the import, so that a package that is not there is named before an application is half up.
const { McpController, Tool } = (0, mcp_nest_1.loadMcpNest)();
const usd = { type: 'number', description: 'USD' };
/** What the tool answers, as JSON Schema. */
const OUTPUT = {
    type: 'object',
    properties: {
        summary: { type: 'string' },
        user: { type: 'string' },
        run: { type: 'string' },
        tenant: { type: 'string' },
        remaining: { ...usd, description: 'USD left of the tightest budget' },
        budgets: {
            type: 'array',
            items: {
                type: 'object',
                properties: {
                    scope: { type: 'string', enum: ['tenant', 'user', 'run', 'vendor'] },
                    cap: usd,
                    spent: usd,
                    held: usd,
                    remaining: usd,
                    resetsAt: { type: 'string', description: 'ISO 8601, UTC' },
                },
                required: ['scope', 'cap', 'spent', 'held', 'remaining'],
            },
        },
        tools: {
            type: 'array',
            items: {
                type: 'object',
                properties: { tool: { type: 'string' }, cap: usd },
                required: ['tool', 'cap'],
            },
        },
    },
    required: ['summary', 'user', 'run', 'budgets', 'tools'],
};
/**
 * The MCP tool `remaining_spend`: tells the agent that asks what it may still spend, what is spent
 * and reserved, and when its budgets start afresh, for its user, run and tenant; in words, and as
 * structured content. Mounted like any `@McpController`. Guards are those of a class that extends
 * it.
 *
 * Of the own caps of its server's tools it names those that every caller may call: not those with
 * `@ToolScopes` or `@ToolRoles`, nor caps that are computed for each call.
 *
 * @example
 * @Module({ controllers: [PaymentTools, RemainingSpendTool] })
 * export class AgentModule {}
 */
let RemainingSpendTool = class RemainingSpendTool {
    // By property, so that a class that extends it needs no constructor.
    report;
    /** What the agent that asks may still spend. */
    async remainingSpend() {
        const answer = await this.report.read('mcp', this);
        return { content: [{ type: 'text', text: answer.summary }], structuredContent: answer };
    }
};
exports.RemainingSpendTool = RemainingSpendTool;
__decorate([
    (0, common_1.Inject)(remaining_spend_report_1.RemainingSpendReport),
    __metadata("design:type", remaining_spend_report_1.RemainingSpendReport)
], RemainingSpendTool.prototype, "report", void 0);
__decorate([
    Tool({
        name: 'remaining_spend',
        description: 'Tells what you may still spend in USD, what is spent and reserved, and when your budgets start afresh. Costs nothing. Ask it before you spend, and after a call was refused for its cap.',
        outputSchema: OUTPUT,
        annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    }),
    (0, agent_tool_decorator_1.AgentTool)(remaining_spend_report_1.VIEW_POLICY),
    __metadata("design:type", Function),
    __metadata("design:paramtypes", []),
    __metadata("design:returntype", Promise)
], RemainingSpendTool.prototype, "remainingSpend", null);
exports.RemainingSpendTool = RemainingSpendTool = __decorate([
    McpController()
], RemainingSpendTool);
