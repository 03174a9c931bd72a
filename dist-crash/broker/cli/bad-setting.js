"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BadSetting = void 0;
/** A setting that does not hold: one line that names it. */
class BadSetting extends Error {
}
exports.BadSetting = BadSetting;
