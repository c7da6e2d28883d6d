// Providers in a real process: they are not traced, and do not keep it alive.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { type HttpServer, startHttpServer } from './servers/http-server.ts';
import { startJaegerServer } from './servers/jaeger-server.ts';
import { startOpampServer } from './servers/opamp-server.ts';
import { startPolicyHttpServer } from './servers/policy-http-server.ts';
import { startXRayServer, xrayRule } from './servers/xray-server.ts';

const SET = '{"policies":[{"id":"all","keep":{"always":true}}]}';

async function run(
  mode: 'wait' | 'leave',
  urls: readonly string[],
): Promise<{ printed: unknown; warnings: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'clew-policies-'));
  const path = join(directory, 'policies.json');
  writeFileSync(path, SET);
  const program = join(__dirname, 'programs', 'providers.mjs');
  const { code, stdout, stderr } = await runProgram([program, mode, path, ...urls]);
  rmSync(directory, { recursive: true });
  expect(code).toBe(0);
  return { printed: JSON.parse(stdout), warnings: stderr.split('\n').filter((line) => line !== '') };
}

describe('the providers of a process', () => {
  const servers: HttpServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  test('load their rules without a span, although they were started in a traced operation', async () => {
    const policies = await startPolicyHttpServer(SET);
    const jaeger = await startJaegerServer();
    const xray = await startXRayServer([xrayRule('Default')]);
    const opamp = await startOpampServer();
    servers.push(policies, jaeger, xray, opamp);
    opamp.offer({ policies: { body: SET } });
    const urls = [policies.url, jaeger.url, xray.url, opamp.url];
    expect(await run('wait', urls)).toEqual({ printed: { spans: ['operation'], loaded: 5 }, warnings: [] });
    const headers = servers.flatMap(({ requests }) => requests.map((request) => request.headers));
    expect(headers.length).toBeGreaterThanOrEqual(4);
    expect(headers.filter(({ traceparent }) => traceparent !== undefined)).toEqual([]);
  });

  test('do not keep it alive while requests are in flight', async () => {
    const hanging = await startHttpServer(() => {});
    servers.push(hanging);
    const printed = { spans: ['operation'], loaded: 1 };
    expect(await run('leave', Array(4).fill(hanging.origin))).toEqual({ printed, warnings: [] });
  });

  test('do not keep it alive while their servers are down', async () => {
    const down = await startHttpServer(() => {});
    await down.close();
    const { printed, warnings } = await run('leave', Array(4).fill(down.origin));
    expect(printed).toEqual({ spans: ['operation'], loaded: 1 });
    // The process may end before a connection is refused.
    expect(warnings.filter((line) => !line.includes('(network); no set is in force'))).toEqual([]);
    expect(warnings.length).toBeLessThanOrEqual(4);
  });
});
