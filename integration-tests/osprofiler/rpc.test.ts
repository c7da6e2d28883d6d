// A command of OpenStack calls a Node.js service over oslo.messaging: `osprofiler trace show` prints one tree.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { type OwnRedis, startRedis } from '../services/redis.ts';
import { missingOsprofiler } from './osprofiler-packages.ts';
import { linesOf, report } from './report.ts';
import { TracedService } from './traced-service.ts';

const withOsprofiler = missingOsprofiler() === undefined ? test : test.skip;
const TOPIC = `clew-points-${process.pid}`;
let broker: Rabbitmq;
let redis: OwnRedis;

beforeAll(async () => {
  [broker, redis] = await Promise.all([rabbitmq(), startRedis()]);
}, 180_000);
afterAll(async () => {
  await redis?.stop();
  await broker?.stop();
});

withOsprofiler('a call over RPC is below its caller, and its query below the call', async () => {
  const service = await TracedService.start({
    points: redis.url,
    file: join(__dirname, 'rpc-service.mjs'),
    variables: { AMQP_URL: broker.url, TOPIC, CLEW_AMQPLIB_ENVELOPES: 'oslo' },
  });
  const transport = `${broker.url.replace(/^\w+:/, 'rabbit:')}/`;
  const args = [join(__dirname, 'rpc_caller.py'), transport, TOPIC, 'SECRET_KEY', redis.url];
  const { stdout } = await promisify(execFile)('/usr/bin/python3', args);
  expect(await service.stop()).toEqual({ code: 0, stderr: '' });
  const nodes = await report(stdout.trim(), redis.url);
  expect(linesOf(nodes)).toEqual(['caller command', '  api rpc', '    api db']);
  const [call] = nodes[0]?.children ?? [];
  expect(call).toMatchObject({
    parent_id: nodes[0]?.trace_id,
    info: { 'meta.raw_payload.rpc-start': { info: { function: { name: 'build' } } }, exception: 'None' },
  });
});
