"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.NO_CONFIGURED_PRICES = void 0;
const call_table_1 = require("./call-table");
const currency_1 = require("./currency");
exports.NO_CONFIGURED_PRICES = {
    rates: currency_1.NO_RATES,
    calls: new call_table_1.CallTable([]),
};
