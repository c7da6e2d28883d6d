import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { program, run } from './child.ts';

test("an application under Jest's jsdom and fake timers is traced, with real times", async () => {
  const collector = await startCollector({ port: 0 });
  const startedAt = BigInt(Date.now() - 5) * 1_000_000n;
  const jest = join(createRequire(__filename).resolve('jest/package.json'), '../bin/jest.js');
  const ended = await run([jest, '--config', program('jest-jsdom/jest.config.cjs')], {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: 'page',
  });
  const [{ traceId } = { traceId: '' }] = collector.store.traces({ service: 'page', limit: 1 });
  const spans = collector.store.trace(traceId)?.spans ?? [];
  await collector.close();
  expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/1 passed/) });
  expect(spans.map(({ kind }) => kind).sort()).toEqual(['CLIENT', 'SERVER']);
  for (const { startTimeUnixNano } of spans) expect(startTimeUnixNano > startedAt).toBe(true);
});
