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
exports.RemainingSpendController = void 0;
const common_1 = require("@nestjs/common");
const agent_tool_decorator_1 = require("../agent-tool/agent-tool.decorator");
const remaining_spend_report_1 = require("./remaining-spend.report");
/**
 * `GET /remaining-spend`: tells the agent that asks what it may still spend, what is spent and
 * reserved, and when its budgets start afresh, for its user, run and tenant. Mounted by whoever
 * wants it; the guards of the application's tools belong on it too. Another path, and guards, are
 * those of a class that extends it. Of the tools' own caps it names those of handlers that have no
 * guard but its own.
 *
 * It answers 501 `dialect_not_supported` where the broker cannot tell, and 403 `agent_braked` where
 * an operator has stopped the agent.
 *
 * @example
 * @Controller('agent-tools/remaining-spend')
 * @UseGuards(SessionGuard)
 * export class AgentSpendController extends RemainingSpendController {}
 */
let RemainingSpendController = class RemainingSpendController {
    // By property, so that a class that extends it needs no constructor.
    report;
    /** What the agent that asks may still spend. */
    remainingSpend() {
        return this.report.read('http', this);
    }
};
exports.RemainingSpendController = RemainingSpendController;
__decorate([
    (0, common_1.Inject)(remaining_spend_report_1.RemainingSpendReport),
    __metadata("design:type", remaining_spend_report_1.RemainingSpendReport)
], RemainingSpendController.prototype, "report", void 0);
__decorate([
    (0, common_1.Get)(),
    (0, common_1.Header)('Cache-Control', 'no-store'),
    (0, agent_tool_decorator_1.AgentTool)(remaining_spend_report_1.VIEW_POLICY),
    __metadata("design:type", Function),
    __metadata("design:paramtypes", []),
    __metadata("design:returntype", Promise)
], RemainingSpendController.prototype, "remainingSpend", null);
exports.RemainingSpendController = RemainingSpendController = __decorate([
    (0, common_1.Controller)('remaining-spend')
], RemainingSpendController);
