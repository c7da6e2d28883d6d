// What is wrong with a set, its file or its server leaves the last good set in force, while the service runs under load.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAULTS, type PolicyHttpServer, startPolicyHttpServer } from './servers/policy-http-server.ts';
import { Load, PRELOAD, PROGRAMS, ServiceProcess, until } from './service-process.ts';
import { policiesOf } from './sources.ts';

const REMOTE = ['--import', join(__dirname, 'programs', 'remote-policies.mjs')];
const NO_EXPORT = { OTEL_TRACES_EXPORTER: 'none' };
const PATHS = ['/orders/', '/items/'];
const never = '{"policies":[{"id":"x","keep":{"never":true}}]}';

/** Rules of set `a`, or `b`, decide now. */
async function decides(service: ServiceProcess, set: 'a' | 'b'): Promise<boolean> {
  const [orders, items] = await Promise.all([service.get('/orders/0'), service.get('/items/0')]);
  return orders.sampled === (set === 'a') && items.sampled === (set === 'b');
}

async function failuresOf(service: ServiceProcess): Promise<Readonly<Record<string, number>>> {
  const { stats } = await service.state();
  const [provider] = Object.values(stats.sampling!.providers);
  return provider!.failures;
}

const countOf = (failures: Readonly<Record<string, number>>) =>
  Object.values(failures).reduce((sum, count) => sum + count, 0);

/** Ends the load, all of whose requests were served and decided by set `a`. */
async function expectUndisturbed(load: Load): Promise<void> {
  const served = await load.stop();
  expect(served.length).toBeGreaterThan(100);
  const wrong = served.filter(
    ({ status, sampled, path }) => status !== 200 || sampled !== path.startsWith('/orders'),
  );
  expect(wrong).toEqual([]);
}

describe('a file', () => {
  const CONTENTS: Record<string, [cause: string, content: string | Buffer]> = {
    'a wrong value': ['invalid', '{"policies":[{"id":"x","keep":{"ratio":"2"}}]}'],
    'a wrong value in YAML': ['invalid', 'policies:\n  - id: x\n    keep: { never: yes please }\n'],
    'ten megabytes': ['tooLarge', `${never.slice(0, -1)},"more":"${' '.repeat(10_000_000)}"}`],
    'a set that is cut off': ['invalid', never.slice(0, -5)],
    'YAML that contains itself': ['invalid', 'policies: &all\n  - *all\n'],
    'YAML whose aliases grow exponentially': [
      'invalid',
      `a: &a [x,x,x,x,x,x,x,x]\n${Array.from('bcdefghi', (name, i) => {
        const before = 'abcdefghi'[i];
        return `${name}: &${name} [${Array(8).fill(`*${before}`).join()}]\n`;
      }).join('')}policies: *i\n`,
    ],
    'YAML that is nested deeply': ['invalid', `policies: ${'['.repeat(5000)}`],
    'a regular expression that RE2 refuses': [
      'invalid',
      '{"policies":[{"id":"x","match":{"path":{"regex":"(a)\\\\1"}},"keep":{"never":true}}]}',
    ],
    'a regular expression that needs much memory': [
      'invalid',
      '{"policies":[{"id":"x","match":{"path":{"regex":"((a{1000}){1000}){1000}"}},"keep":{"never":true}}]}',
    ],
    'bytes that are not text': [
      'invalid',
      Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 37) % 256)),
    ],
    nothing: ['invalid', ''],
  };
  let folder: string;
  let file: string;
  let service: ServiceProcess;
  let load: Load;
  const replace = (content: string | Buffer) => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clew-bad-'));
    file = join(folder, 'policies.yaml');
    replace(policiesOf('a'));
    service = await ServiceProcess.start(PROGRAMS.express, PRELOAD, {
      ...NO_EXPORT,
      CLEW_SAMPLING_FILE: file,
    });
    expect(await decides(service, 'a')).toBe(true);
    load = new Load(service, PATHS);
  });
  afterAll(async () => {
    await load.stop();
    await service.end();
    rmSync(folder, { recursive: true });
  });

  test.each(Object.entries(CONTENTS))('with %s is refused and counted', async (_name, [cause, content]) => {
    const { [cause]: before = 0 } = await failuresOf(service);
    replace(content);
    await until(`counted as ${cause}`, async () => ((await failuresOf(service))[cause] ?? 0) > before);
  });

  test('that is deleted, or replaced by a folder, is counted', async () => {
    rmSync(file);
    await until('counted as missing', async () => (await failuresOf(service)).missing === 1);
    mkdirSync(file);
    await until('counted as unreadable', async () => (await failuresOf(service)).unreadable === 1);
    rmSync(file, { recursive: true });
  });

  test('leaves the last good set in force all the time, and one line in the log', async () => {
    await expectUndisturbed(load);
    expect(service.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^clew warn: @clew\/sampling: file .*policies\.yaml: .*policies\[0\]\.keep\.ratio.*; the last good set stays in force$/,
      ),
    ]);
  });

  test('that is valid again is put in force', async () => {
    replace(policiesOf('b'));
    await until('set b', () => decides(service, 'b'));
  });

  test('with regular expressions that are slow elsewhere does not block the service', async () => {
    const policies = ['(a+)+$', '(a|aa)+$', '(.*a){20}$', '^(([a-z])+.)+[A-Z]([a-z])+$'].map(
      (regex, index) => ({
        id: `slow-${index}`,
        match: { path: { regex } },
        keep: { never: true },
      }),
    );
    replace(JSON.stringify({ policies }));
    await until(
      'the policies',
      async () => (await service.state()).stats.sampling?.byPolicy['slow-0'] !== undefined,
    );
    const begin = performance.now();
    const hostile = await service.get(`/orders/${'a'.repeat(8000)}!`);
    expect([hostile.status, hostile.sampled]).toEqual([200, true]);
    expect((await service.get(`/orders/${'a'.repeat(8000)}`)).sampled).toBe(false);
    // An expression that backtracks takes longer than any test.
    expect(performance.now() - begin).toBeLessThan(20_000);
  });
});

describe('a server', () => {
  const CAUSES: Record<keyof typeof FAULTS, string> = {
    error: 'status',
    hang: 'timeout',
    redirect: 'redirect',
    huge: 'tooLarge',
    announced: 'tooLarge',
    truncate: 'network',
    drip: 'timeout',
    page: 'invalid',
    reset: 'network',
  };
  let server: PolicyHttpServer;
  let service: ServiceProcess;
  let load: Load;
  beforeAll(async () => {
    server = await startPolicyHttpServer(policiesOf('a'));
    service = await ServiceProcess.start(PROGRAMS.koa, REMOTE, {
      ...NO_EXPORT,
      POLICIES_URL: server.url,
      POLICIES_TIMEOUT_MS: '1000',
    });
    await until('set a', () => decides(service, 'a'));
    load = new Load(service, PATHS);
  });
  afterAll(async () => {
    await load.stop();
    await service.end();
    await server.close();
  });

  test.each(Object.entries(CAUSES))('with the fault "%s" is counted as %s', async (fault, cause) => {
    const { [cause]: before = 0 } = await failuresOf(service);
    server.fail(fault as keyof typeof FAULTS);
    await until(`counted as ${cause}`, async () => ((await failuresOf(service))[cause] ?? 0) > before);
    server.fail(undefined);
    // A good response ends the growing pauses after failures.
    await server.receivedMore(2);
  });

  test('leaves the last good set in force all the time, and one line in the log', async () => {
    await expectUndisturbed(load);
    const lines = service.stderr.trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringContaining('responded with 500 (status); the last good set stays in force'),
    ]);
    expect(countOf(await failuresOf(service))).toBeGreaterThanOrEqual(Object.keys(FAULTS).length);
    expect(server.requests.filter(({ path }) => path !== '/policies')).toEqual([]);
  });

  test('that is well again is followed', async () => {
    server.serve(policiesOf('b'));
    await until('set b', () => decides(service, 'b'));
  });
});

describe('a clock that jumps', () => {
  const HOUR = 3_600_000;
  const rated = (id: string) =>
    JSON.stringify({ policies: [{ id, match: { path: '/orders/*' }, keep: { tracesPerSecond: 2 } }] });

  test('neither stops the polls nor adds to a rate', async () => {
    const server = await startPolicyHttpServer(rated('set-0'));
    const clock = ['--require', join(__dirname, 'programs', 'jumping-clock.cjs')];
    const service = await ServiceProcess.start(PROGRAMS.express, [...clock, ...REMOTE], {
      ...NO_EXPORT,
      POLICIES_URL: server.url,
    });
    const isInForce = async (id: string) =>
      (await service.state()).stats.sampling?.byPolicy[id] !== undefined;
    await until('the first set', () => isInForce('set-0'));
    const begin = performance.now();
    const served = [await service.get('/orders/0')];
    for (const [index, jump] of [HOUR, -2 * HOUR, 1000 * HOUR, -5000 * HOUR].entries()) {
      await service.jumpClock(jump);
      for (let count = 0; count < 20; count++) served.push(await service.get(`/orders/${count}`));
      server.serve(rated(`set-${index + 1}`));
      await until('the next set', () => isInForce(`set-${index + 1}`));
      // The next set has an id of its own, and so a full bucket: it counts from here.
      for (let count = 0; count < 20; count++) served.push(await service.get(`/orders/${count}`));
    }
    const seconds = (performance.now() - begin) / 1000;
    const kept = served.filter(({ sampled }) => sampled).length;
    expect(kept).toBeGreaterThanOrEqual(5 * 2);
    expect(kept).toBeLessThanOrEqual(5 * 2 + Math.ceil(seconds * 2));
    const { failures } = Object.values((await service.state()).stats.sampling!.providers)[0]!;
    expect([failures, await service.end(), service.stderr]).toEqual([{}, 0, '']);
    await server.close();
  });
});
