import type { WorkerOptions } from 'node:worker_threads';
import { type Context, context, propagation } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { boundedWriter, headerBytes } from '../propagation/bounded-writer.ts';
import {
  type EnvironmentVariables,
  environmentGetter,
  environmentName,
  environmentSetter,
} from '../propagation/carriers/environment.ts';
import { type CarrierWriter, injectFresh } from '../propagation/inject.ts';
import { rootContext } from './context.ts';

/**
 * Returns the environment for a child process that continues the current span: a copy of `environment` with
 * `TRACEPARENT`, `TRACESTATE`, `BAGGAGE` or the other variables that the propagator writes. Values of an older context
 * in these variables are removed, so that no child joins two traces. `environment` itself is not changed.
 *
 * The operating system refuses a process whose environment and arguments are too large (`E2BIG`): variables that do not
 * fit are left out and counted. `argumentBytes` is the size of the arguments, default 0.
 * Source: https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 *
 * @example
 * spawn('convert', [path], { env: carryToChild() });
 */
export function carryToChild(
  environment: EnvironmentVariables = process.env,
  from: Context = context.active(),
  argumentBytes = 0,
): EnvironmentVariables {
  const carried = guard('carrying a context to a child process', () => {
    const copy = withoutTrace(environment);
    startArgumentBytes = argumentBytes;
    injectFresh(from, copy, environmentWriter);
    return copy;
  });
  return carried ?? { ...environment };
}

/**
 * Returns the options for a worker thread that continues the current span, through the worker's own environment.
 * With `env: SHARE_ENV` there is no such environment: pass `workerData: wrapMessage(data)` instead.
 *
 * @example
 * new Worker(file, carryToWorker({ workerData: { path } }));
 */
export function carryToWorker<Options extends WorkerOptions>(
  options: Options = {} as Options,
  from: Context = context.active(),
): Options {
  const { env } = options;
  if (typeof env === 'symbol') return options;
  return { ...options, env: carryToChild(env, from) };
}

/**
 * Reads the context that a parent process or thread passed in environment variables; returns the root context if there
 * is none. For the start of an application: `new AsyncContextManager(contextFromEnvironment())`.
 */
export function contextFromEnvironment(environment: EnvironmentVariables = process.env): Context {
  const given = guard('reading a context from the environment', () =>
    propagation.extract(rootContext, environment, environmentGetter),
  );
  return given ?? rootContext;
}

/**
 * The size that every Linux accepts for environment and arguments, however small the stack is; on Windows, the limit of
 * an environment.
 * Source: https://man7.org/linux/man-pages/man2/execve.2.html
 */
const MAX_PROCESS_BYTES = process.platform === 'win32' ? 32_767 : 131_072;

/** The size of the arguments of the process that is being started. */
let startArgumentBytes = 0;

const environmentWriter: CarrierWriter<EnvironmentVariables> = boundedWriter(
  {
    set: (environment, name, value) => environmentSetter.set(environment, name, value),
    // The copy holds no variables of an older context.
    has: () => false,
    remove: () => {},
    names: () => [],
  },
  {
    name: 'environment',
    availableBytes: (environment) =>
      Object.entries(environment).reduce(
        (left, [name, value]) => (value === undefined ? left : left - headerBytes(name, value)),
        MAX_PROCESS_BYTES - startArgumentBytes,
      ),
  },
);

/** Names are compared in upper case: Windows ignores their case, but a copy of the environment is a plain object. */
function withoutTrace(environment: EnvironmentVariables): EnvironmentVariables {
  const traceNames = new Set(propagation.fields().map(environmentName));
  const kept = Object.entries(environment).filter(([name]) => !traceNames.has(name.toUpperCase()));
  return Object.fromEntries(kept);
}
