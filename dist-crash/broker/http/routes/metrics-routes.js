"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.metricsRoutes = metricsRoutes;
const prometheus_1 = require("../../metrics/prometheus");
function metricsRoutes(broker, counts) {
    return [
        {
            method: 'GET',
            path: /^\/metrics$/,
            takesQuery: true,
            handle: async () => ({
                status: 200,
                contentType: prometheus_1.METRICS_TYPE,
                text: (0, prometheus_1.metricsText)(counts, await broker.figures()),
            }),
        },
    ];
}
