import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host';
import {
  KafkaContext,
  MqttContext,
  NatsContext,
  RedisContext,
  RmqContext,
  TcpContext,
} from '@nestjs/microservices';
import { runIdOf, userIdOf } from '../identity';
import { rpc } from './rpc';

function requestOf(context: unknown, payload: unknown = {}) {
  const execution = new ExecutionContextHost([payload, context]);
  execution.setType('rpc');
  return rpc.requestOf(execution);
}

/** As a header map whose names are told apart by case, and which says '' of one it does not have. */
function natsHeaders(entries: Record<string, string>) {
  return { get: (name: string) => entries[name] ?? '' };
}

/** As gRPC's Metadata, which lists every value of a name. */
function grpcMetadata(entries: Record<string, unknown[]>) {
  return { get: (name: string) => entries[name] ?? [] };
}

const RUN = { 'x-agent-run-id': 'run-1' };

it.each<[string, unknown, unknown?]>([
  ['NATS headers', new NatsContext(['subject', natsHeaders(RUN)])],
  ['Kafka headers', new KafkaContext([{ headers: RUN }] as never)],
  [
    'Kafka headers as bytes',
    new KafkaContext([{ headers: { 'X-Agent-Run-ID': Buffer.from('run-1') } }] as never),
  ],
  ['RabbitMQ headers', new RmqContext([{ properties: { headers: RUN } }, {}, 'pattern'] as never)],
  ['gRPC metadata', grpcMetadata({ 'x-agent-run-id': ['run-1'] })],
  [
    "MQTT 5's user properties",
    new MqttContext(['topic', { properties: { userProperties: RUN } }] as never),
  ],
  ["a TCP packet's metadata", new TcpContext([{}, 'pattern', RUN] as never)],
  ["a Redis packet's metadata", new RedisContext(['channel', RUN] as never)],
  ["the payload's metadata", new TcpContext([{}, 'pattern'] as never), { metadata: RUN }],
])('the agent run is named by %s', (_name, context, payload: unknown = {}) => {
  expect(runIdOf(requestOf(context, payload))).toBe('run-1');
});

it('what goes with the message counts before what is in it', () => {
  const context = new NatsContext(['subject', natsHeaders(RUN)]);
  expect(runIdOf(requestOf(context, { metadata: { 'x-agent-run-id': 'other' } }))).toBe('run-1');
});

it.each<[string, unknown, unknown?]>([
  ['NATS without headers', new NatsContext(['subject', undefined])],
  ['NATS without this header', new NatsContext(['subject', natsHeaders({})])],
  ['gRPC without this header', grpcMetadata({})],
  ['RabbitMQ without headers', new RmqContext([{ properties: {} }, {}, 'pattern'] as never)],
  ['MQTT 3', new MqttContext(['topic', {}] as never)],
  ['a payload that is text', new TcpContext([{}, 'pattern'] as never), 'text'],
  ['a payload that is null', new TcpContext([{}, 'pattern'] as never), null],
  ['a transport without a context', undefined],
])('over %s the agent run is a new one', (_name, context, payload: unknown = {}) => {
  expect(runIdOf(requestOf(context, payload))).toMatch(/^[0-9a-f]{16}$/);
});

it.each<[string, unknown]>([
  ['given twice', grpcMetadata({ 'x-agent-run-id': ['run-1', 'run-2'] })],
  ['no text', new KafkaContext([{ headers: { 'x-agent-run-id': 7 } }] as never)],
  ['blank', new KafkaContext([{ headers: { 'x-agent-run-id': '' } }] as never)],
])('a run id that is %s is refused', (_name, context) => {
  expect(() => runIdOf(requestOf(context))).toThrow(/X-Agent-Run-ID/);
});

it('the user is the one a guard put on the context, and never one the payload names', () => {
  const context = Object.assign(new TcpContext([{}, 'pattern'] as never), { user: { id: 'ada' } });
  const payload = { user: { id: 'eve' }, metadata: { user: { id: 'eve' } } };

  expect(userIdOf(requestOf(context, payload))).toBe('ada');
  expect(userIdOf(requestOf(new TcpContext([{}, 'pattern'] as never), payload))).toBe('anon');
});

it('a gRPC call that was cancelled has nobody waiting for it', () => {
  const called = (cancelled: boolean) =>
    new ExecutionContextHost([{}, grpcMetadata({}), { cancelled }]);

  expect(rpc.callerGone?.(called(true))).toBe(true);
  expect(rpc.callerGone?.(called(false))).toBe(false);
  expect(rpc.callerGone?.(new ExecutionContextHost([{}, {}]))).toBe(false);
});
