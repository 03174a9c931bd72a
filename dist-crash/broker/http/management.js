"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Management = void 0;
const refusal_1 = require("../refusal");
const answers_1 = require("./answers");
const list_query_1 = require("./list-query");
const log_in_1 = require("./log-in");
const audit_routes_1 = require("./routes/audit-routes");
const backup_routes_1 = require("./routes/backup-routes");
const brake_routes_1 = require("./routes/brake-routes");
const budget_routes_1 = require("./routes/budget-routes");
const hold_routes_1 = require("./routes/hold-routes");
const key_routes_1 = require("./routes/key-routes");
const lease_routes_1 = require("./routes/lease-routes");
const metrics_routes_1 = require("./routes/metrics-routes");
/** The management API, for whoever holds the management token. */
class Management {
    #logIn;
    #currentKey;
    #routes;
    constructor(broker, token, counts) {
        this.#logIn = new log_in_1.LogIn(token);
        this.#currentKey = (0, key_routes_1.currentKeyRoute)(broker);
        this.#routes = [
            ...(0, key_routes_1.keyRoutes)(broker),
            ...(0, budget_routes_1.budgetRoutes)(broker),
            ...(0, brake_routes_1.brakeRoutes)(broker),
            ...(0, lease_routes_1.leaseRoutes)(broker),
            ...(0, hold_routes_1.holdRoutes)(broker),
            ...(0, audit_routes_1.auditRoutes)(broker),
            ...(0, backup_routes_1.backupRoutes)(broker),
            ...(0, metrics_routes_1.metricsRoutes)(broker, counts),
        ];
    }
    /** Whether a path is the management API's. */
    serves(path) {
        return path === '/v1' || path.startsWith('/v1/') || path === '/metrics';
    }
    /** @throws BrokerRefusal for everything but a good answer. */
    async handle(req, res, path, query) {
        const route = this.#routeOf(req, path);
        const parameters = new URLSearchParams(query);
        if (route.takesQuery !== true)
            (0, list_query_1.readQuery)(parameters, {});
        const reply = await route.handle({
            req,
            query: parameters,
            params: route.path.exec(path)?.slice(1) ?? [],
            remoteAddress: req.socket.remoteAddress,
        });
        await send(res, reply);
    }
    #routeOf(req, path) {
        const current = this.#currentKey;
        if (req.method === current.method && current.path.test(path))
            return current;
        this.#logIn.check(req);
        const onPath = this.#routes.filter((route) => route.path.test(path));
        if (onPath.length === 0)
            throw (0, refusal_1.notFound)('There is nothing at this path.');
        const route = onPath.find(({ method }) => method === req.method);
        if (route === undefined)
            throw (0, refusal_1.methodNotAllowed)(onPath.map(({ method }) => method));
        return route;
    }
}
exports.Management = Management;
async function send(res, reply) {
    if ('chunks' in reply)
        await (0, answers_1.sendFile)(res, reply.status, reply.bytes, reply.chunks);
    else if ('lines' in reply)
        await (0, answers_1.sendLines)(res, reply.status, reply.lines);
    else if ('text' in reply)
        (0, answers_1.sendText)(res, reply.status, reply.contentType, reply.text);
    else
        (0, answers_1.sendJson)(res, reply.status, reply.body);
}
