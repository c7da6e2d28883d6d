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
 * The environment for a child process that continues the current span: a copy of `environment` with
 * `TRACEPARENT`, `TRACESTATE`, `BAGGAGE` or what else the propagator writes. What an older context left in those
 * variables is taken out, so that no child joins two traces. Nothing that is given is changed.
 *
 * The system refuses a process whose environment and arguments are too large (`E2BIG`): what does not fit is left out
 * and counted. `argumentBytes` is the size of the arguments.
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
    otherBytes = argumentBytes;
    injectFresh(from, copy, environmentWriter);
    return copy;
  });
  return carried ?? { ...environment };
}

/**
 * The options for a worker thread that continues the current span, through the worker's own environment.
 * With `env: SHARE_ENV` there is no such environment: hand over `workerData: wrapMessage(data)` instead.
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
 * The context that a parent process or thread handed over in environment variables; the root context when
 * there is none. For the start of a program: `new AsyncContextManager(contextFromEnvironment())`.
 */
export function contextFromEnvironment(environment: EnvironmentVariables = process.env): Context {
  const given = guard('reading a context from the environment', () =>
    propagation.extract(rootContext, environment, environmentGetter),
  );
  return given ?? rootContext;
}

/**
 * What every Linux takes, arguments included, however small the stack is; and all of an environment on Windows.
 * Source: https://man7.org/linux/man-pages/man2/execve.2.html
 */
const MAX_PROCESS_BYTES = process.platform === 'win32' ? 32_767 : 131_072;

/** Of the process that is being started. */
let otherBytes = 0;

const environmentWriter: CarrierWriter<EnvironmentVariables> = boundedWriter(
  {
    set: (environment, name, value) => environmentSetter.set(environment, name, value),
    // What an older context left is out of the copy already.
    has: () => false,
    remove: () => {},
    names: () => [],
  },
  {
    name: 'environment',
    room: (environment) =>
      Object.entries(environment).reduce(
        (left, [name, value]) => (value === undefined ? left : left - headerBytes(name, value)),
        MAX_PROCESS_BYTES - otherBytes,
      ),
  },
);

/** Windows knows a variable in any case; a copy of the environment is an object as any other. */
function withoutTrace(environment: EnvironmentVariables): EnvironmentVariables {
  const ours = new Set(propagation.fields().map(environmentName));
  const kept = Object.entries(environment).filter(([name]) => !ours.has(name.toUpperCase()));
  return Object.fromEntries(kept);
}
