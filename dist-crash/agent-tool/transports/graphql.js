"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.graphql = void 0;
/**
 * GraphQL resolvers: queries, mutations and subscriptions, and field resolvers where the application
 * has interceptors run for them. Each resolver of a request has a key of its own, which goes with
 * its resolver and not with the response: what is read after a resolver has settled is plain data,
 * and its neighbours may take long. A subscription's goes with its iterator.
 */
exports.graphql = {
    requestOf(context) {
        const { req, request, user } = contextOf(context);
        const { extra } = req ?? {};
        const source = extra?.request ?? req ?? request;
        return {
            headers: source?.headers ?? {},
            user: extra?.user ?? source?.user ?? user,
        };
    },
    httpRequestOf(context) {
        const { req, request } = contextOf(context);
        return req ?? request;
    },
    readsIterators: true,
};
function contextOf(context) {
    const args = context.getArgs();
    // A reference resolver is called without arguments of its own: root, context, info.
    return ((args.length === 3 ? args[1] : args[2]) ?? {});
}
