"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.http = void 0;
exports.isHttp = isHttp;
/** HTTP, server-sent events included, on Express and Fastify. */
exports.http = {
    requestOf: (context) => context.switchToHttp().getRequest(),
    httpRequestOf: (context) => context.switchToHttp().getRequest(),
    responseOf(context) {
        const response = context
            .switchToHttp()
            .getResponse();
        return response.raw ?? response;
    },
};
/**
 * Whether a call has a request and a response of HTTP. A package that has Nest run its handlers and
 * names no transport gets this one's name, with a message in the place of the request.
 */
function isHttp(context) {
    const [request, response] = context.getArgs();
    return [request?.headers, response].every((each) => typeof each === 'object' && each !== null);
}
