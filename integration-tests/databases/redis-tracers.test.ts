import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { findRedis, type Redis } from '../services/redis.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// The plugins with Clew's tracer and with OpenTelemetry's SDK, in CommonJS and in ES modules.

const setup = join(__dirname, '..', 'opentelemetry', 'setup.mjs');
const BODIES = {
  ioredis: `const client = new ioredis.Redis(process.env.REDIS_URL);
    await work(() => client.get('clew:song'), () => client.pipeline().get('clew:song').exec());
    client.disconnect();`,
  redis: `const client = redis.createClient({ url: process.env.REDIS_URL });
    await client.connect();
    await work(() => client.get('clew:song'), () => client.multi().get('clew:song').execAsPipeline());
    await client.disconnect();`,
};
const WORK = `const work = (...calls) => api.trace.getTracer('shop').startActiveSpan('checkout', async (span) => {
    for (const call of calls) await call();
    span.end();
  });`;

let server: Redis;
let collector: Collector;
beforeAll(async () => {
  [server, collector] = [await findRedis(), await startCollector({ port: 0 })];
});
afterAll(async () => {
  await collector.close();
  await server.stop();
});

function sourceOf(library: keyof typeof BODIES, type: 'commonjs' | 'module'): string {
  const body = `${WORK}\n${BODIES[library]}`;
  if (type === 'module')
    return `import ${library} from '${library}';\nimport * as api from '@opentelemetry/api';\n${body}`;
  return `const ${library} = require('${library}');
    const api = require('@opentelemetry/api');
    void (async () => { ${body} })();`;
}

test.each(
  (['ioredis', 'redis'] as const).flatMap((library) =>
    (['clew', 'opentelemetry'] as const).flatMap((tracer) =>
      (['commonjs', 'module'] as const).map((type) => [library, tracer, type] as const),
    ),
  ),
)('%s with the tracer of %s in %s', async (library, tracer, type) => {
  const service = [library, tracer, type].join(' ');
  const args = ['--import', setup, `--input-type=${type}`, '--eval', sourceOf(library, type)];
  const { code, stderr } = await runProgram(args, {
    cwd: __dirname,
    variables: {
      REDIS_URL: server.url,
      SETUP: JSON.stringify({ tracer, plugins: { [library]: 'clew' } }),
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      NODE_NO_WARNINGS: '1',
    },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(treeOf(spansOf(collector, service))).toEqual([
    'INTERNAL checkout',
    '  CLIENT GET',
    '  CLIENT PIPELINE',
  ]);
});
