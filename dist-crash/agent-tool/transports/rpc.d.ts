import type { Transport } from './transport';
/**
 * Microservices: TCP, Redis, NATS, MQTT, Kafka, RabbitMQ, gRPC, and custom strategies.
 *
 * The user is the one a guard put on the RPC context; the payload, which an agent may have written,
 * names none. The run, which is the agent's own to name, is in the message's headers, or in the
 * payload's `metadata` for transports that have none.
 */
export declare const rpc: Transport;
