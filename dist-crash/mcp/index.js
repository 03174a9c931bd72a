"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.RemainingSpendTool = void 0;
var remaining_spend_tool_1 = require("./remaining-spend.tool");
Object.defineProperty(exports, "RemainingSpendTool", { enumerable: true, get: function () { return remaining_spend_tool_1.RemainingSpendTool; } });
