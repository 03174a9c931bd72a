"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.currentRun = currentRun;
exports.liveRun = liveRun;
exports.routedCall = routedCall;
exports.enterRun = enterRun;
const nestjs_cls_1 = require("nestjs-cls");
// Each entry of the package comes by here, and so says which copy it is of.
require("./package-copies");
const RUN = Symbol.for('nestjs-vault-key');
const cls = nestjs_cls_1.ClsServiceManager.getClsService();
/** The innermost run around this code, over or not. */
function currentRun() {
    return cls.get(RUN);
}
/** The innermost run around this code, unless it is over. */
function liveRun() {
    const run = currentRun();
    return run === undefined || run.key.ended ? undefined : run;
}
/**
 * Where a call of a marked method stands to the run that a route opened for it: `under_way` is the
 * routed call itself, `too_late` the same after its run had ended, with the pipes still at work.
 */
function routedCall(mark) {
    const run = currentRun();
    if (run === undefined || run.mark !== mark)
        return undefined;
    if (run.handled !== true && !run.key.ended) {
        run.begun = true;
        return 'under_way';
    }
    return run.begun === true ? undefined : 'too_late';
}
/** Runs work in a context of its own, which inherits what the application keeps in its context. */
function enterRun(run, work) {
    return cls.run({ ifNested: 'inherit' }, () => {
        cls.set(RUN, run);
        return work();
    });
}
