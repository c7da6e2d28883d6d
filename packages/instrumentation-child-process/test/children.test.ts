import childProcess from 'node:child_process';
import { once } from 'node:events';
import { suppressTracing } from '@clew/core';
import { setPropagationDefaults } from '@clew/core/internal';
import { barrier, recordSpans, within } from '@clew/testing';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { asCaller, instrument, PRINT, printedBy, STARTERS, SYNC, withPoolScript } from './traced.ts';

const recorder = recordSpans();
const SHELL = ['exec', 'execSync'];
const OTHER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const posix = process.platform === 'win32' ? test.skip : test;

describe.each(Object.entries(STARTERS))('%s', (name, start) => {
  test('starts a child that continues the child process’s span', async () => {
    const output = await asCaller({}, () => start(PRINT));
    const [caller, child] = await recorder.take(2);
    expect(output).toBe(printedBy(child));
    expect(child).toMatchObject({
      name: 'node',
      kind: SpanKind.CLIENT,
      parentSpanId: caller?.spanId,
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'process.executable.name': SHELL.includes(name) ? 'sh' : 'node', 'process.exit.code': 0 },
    });
    // The result of the other two does not include it.
    if (!['execFileSync', 'execSync'].includes(name))
      expect(child?.attributes['process.pid']).toBeGreaterThan(0);
  });

  test('does not change the caller’s options and environment', async () => {
    const env = Object.freeze(
      Object.assign(Object.create({ INHERITED: 'yes' }), { ...process.env, OWN: 'x=y' }),
    );
    const code = 'process.stdout.write([process.env.INHERITED, process.env.OWN, process.cwd()].join())';
    const output = await asCaller({}, () => start(code, Object.freeze({ env, cwd: '/' })));
    expect(output).toBe('yes,x=y,/');
    expect(env.TRACEPARENT).toBeUndefined();
    await recorder.take(2);
  });

  test('changes nothing without an active span, or if tracing is suppressed', async () => {
    const instance = instrument();
    const env = { PATH: process.env.PATH, TRACEPARENT: OTHER };
    expect(await start(PRINT, { env })).toBe(`${OTHER} none`);
    instance.disable();
    await asCaller({}, () =>
      context.with(suppressTracing(context.active()), async () => {
        expect(await start(PRINT, { env: { PATH: process.env.PATH } })).toBe('none none');
      }),
    );
    await recorder.take(1);
  });

  test('propagates an unsampled trace, and records nothing', async () => {
    recorder.sampling = 'none';
    expect(await asCaller({}, () => start(PRINT))).toMatch(/^00-[^-]+-[^-]+-00 none$/);
    expect(recorder.wastedCalls).toBe(0);
  });

  test('starts no span with spans: false: the child continues the caller’s span', async () => {
    const output = await asCaller({ spans: false }, () => start(PRINT));
    const [caller] = await recorder.take(1);
    expect(output).toBe(printedBy(caller));
  });

  test('keeps a trace set by the application', async () => {
    const env = { PATH: process.env.PATH, TRACEPARENT: OTHER };
    expect(await asCaller({}, () => start(PRINT, { env }))).toBe(`${OTHER} none`);
    const own = { PATH: process.env.PATH, BAGGAGE: 'own=1' };
    expect(await asCaller({}, () => start(PRINT, { env: own }))).toMatch(/-01 own=1$/);
    await recorder.takeUntil(() => recorder.spans().length === 4);
  });
});

describe('programs', () => {
  const baggage = (work: () => Promise<string> | string) => async () => {
    const some = propagation.createBaggage({ tenant: { value: 'blue' } });
    return context.with(propagation.setBaggage(context.active(), some), work);
  };
  const trail = (command: string) => () => `${childProcess.execSync(command)}`.trim();
  const SH = 'printf "$TRACEPARENT"';

  posix.each<[string, object, string, boolean]>([
    ['only a shell', {}, SH, false],
    ['Node among others', {}, `A=1 node --version > /dev/null && ${SH}`, true],
    ['a path to Node', {}, `"${process.execPath}" --version > /dev/null; ${SH}`, true],
    ['npm', {}, `true || npm run x; ${SH}`, true],
    ['a script', {}, `true || ./bin/import.mjs; ${SH}`, true],
    ['Node as an argument', {}, `true node; ${SH}`, false],
    ['all', { propagateTo: 'all' }, SH, true],
    ['none', { propagateTo: 'none' }, `node --version > /dev/null; ${SH}`, false],
    ['a name', { propagateTo: ['printf'] }, SH, true],
    ['an expression', { propagateTo: [/^pri/] }, SH, true],
    ['another name', { propagateTo: ['node', 'convert'] }, SH, false],
  ])('%s', async (_, options, command, isPropagated) => {
    const output = await asCaller(options, trail(command));
    const [, child] = await recorder.take(2);
    expect(output).toBe(isPropagated ? printedBy(child).replace(' none', '') : '');
  });

  test('get baggage only if the option names them', async () => {
    const start = baggage(() => STARTERS.spawn!(PRINT));
    expect(await asCaller({}, start)).toMatch(/-01 none$/);
    expect(await asCaller({ propagateBaggageTo: 'node' }, start)).toMatch(/-01 tenant=blue$/);
    expect(await asCaller({ propagateBaggageTo: ['convert'] }, start)).toMatch(/-01 none$/);
    expect(await asCaller({ propagateTo: 'none', propagateBaggageTo: 'all' }, start)).toBe('none none');
    await recorder.takeUntil(() => recorder.spans().length === 8);
  });

  test('get nothing with the default sendTo: none, unless the plugin’s option overrides it', async () => {
    setPropagationDefaults({ sendTo: 'none' });
    try {
      expect(await asCaller({}, () => STARTERS.spawn!(PRINT))).toBe('none none');
      expect(await asCaller({ propagateTo: 'node' }, () => STARTERS.spawn!(PRINT))).toMatch(/-01 none$/);
    } finally {
      setPropagationDefaults({});
    }
    await recorder.takeUntil(() => recorder.spans().length === 4);
  });

  test('forked by a library are a pool shared by requests, and continue nothing', async () => {
    const output = await withPoolScript((script) =>
      asCaller({}, async () => {
        const [message] = await once(childProcess.fork(script), 'message');
        return message;
      }),
    );
    expect(output).toBe('none');
    await recorder.take(1);
  });
});

test('callbacks and listeners run in the caller’s context', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  const seen: unknown[] = [];
  await asCaller({}, () => {
    const caller = trace.getActiveSpan();
    const look = () => seen.push(trace.getActiveSpan() === caller) === 3 && resolve(seen);
    const child = childProcess.execFile('node', ['--version'], look);
    child.once('exit', look).stdout?.once('data', look);
    return promise;
  });
  expect(seen).toEqual([true, true, true]);
  await recorder.take(2);
});

test('concurrent requests never mix', async () => {
  const instance = instrument();
  const meet = barrier(3);
  const request = async (name: string) => {
    const span = trace.getTracer('test').startSpan(name);
    const printed = await within(span, async () => {
      await meet();
      return Promise.all(['spawn', 'execFile', 'exec', 'fork'].map((way) => STARTERS[way]!(PRINT)));
    });
    span.end();
    return printed;
  };
  const printed = await Promise.all(['A', 'B', 'C'].map(request));
  instance.disable();
  const spans = await recorder.take(15);
  for (const [index, name] of ['A', 'B', 'C'].entries()) {
    const { spanId } = spans.find((span) => span.name === name)!;
    const own = spans.filter(({ parentSpanId }) => parentSpanId === spanId).map(printedBy);
    expect([...printed[index]!].sort()).toEqual(own.sort());
  }
});

describe('the plugin', () => {
  const own = () => [
    childProcess.ChildProcess.prototype.emit,
    Reflect.get(childProcess.ChildProcess.prototype, 'spawn'),
    ...SYNC.map((name) => childProcess[name]),
  ];
  const shapes = () => own().map(({ name, length }) => `${name}(${length})`);

  test('keeps function names and lengths, and restores Node’s own functions', async () => {
    const [functions, before] = [own(), shapes()];
    await asCaller({}, () => {
      expect(shapes()).toEqual(before);
      for (const [index, fn] of own().entries()) expect(fn).not.toBe(functions[index]);
    });
    await recorder.take(1);
    for (const [index, fn] of own().entries()) expect(fn).toBe(functions[index]);
    expect(Object.hasOwn(childProcess.ChildProcess.prototype, 'emit')).toBe(false);
  });

  test('does nothing after disable() in functions kept in variables', async () => {
    const { spawnSync } = await asCaller({}, () => ({ ...childProcess }));
    await within(trace.getTracer('test').startSpan('later'), () => {
      expect(`${spawnSync('node', ['-e', PRINT]).stdout}`).toBe('none none');
      trace.getActiveSpan()?.end();
    });
    await recorder.take(2);
  });

  test('a second instance does nothing', async () => {
    await asCaller({}, () => {
      instrument({ propagateTo: 'none' }).disable();
      expect(STARTERS.spawnSync!(PRINT)).toMatch(/-01 none$/);
    });
    await recorder.take(2);
  });

  test('passes invalid arguments to Node unchanged', async () => {
    const wrong: unknown[][] = [
      [],
      [7],
      ['node', 'x'],
      ['node', [], 'x'],
      ['node', [], []],
      ['node', null, 7],
    ];
    const thrown = (name: 'spawnSync' | 'execSync' | 'execFileSync' | 'spawn', args: unknown[]) => {
      try {
        return Reflect.apply(childProcess[name], undefined, args) && 'no error';
      } catch (error) {
        return `${error}`;
      }
    };
    for (const name of [...SYNC, 'spawn'] as const) {
      const plain = wrong.map((args) => thrown(name, args));
      await asCaller({}, () => expect(wrong.map((args) => thrown(name, args))).toEqual(plain));
      recorder.spans();
    }
  });

  test.each([
    [{ propagateTo: 'everyone' }, 'expected propagateTo to be "node" | "all" | "none" | a list'],
    [{ propagateBaggageTo: [''] }, 'expected propagateBaggageTo to be "node" | "all" | "none" | a list'],
    [{ workers: true }, 'expected workers to be "own" | "all" | "none", got true'],
    [{ spans: 'yes' }, 'expected spans to be true or false, got "yes"'],
  ])('rejects %j', (options, message) => {
    expect(() => instrument(options)).toThrow(message);
  });
});
