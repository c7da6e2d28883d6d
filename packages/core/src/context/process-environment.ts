import type { WorkerOptions } from 'node:worker_threads';
import { type Context, context, propagation } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import {
  type EnvironmentVariables,
  environmentGetter,
  environmentName,
  environmentSetter,
} from '../propagation/carriers/environment.ts';
import { rootContext } from './context.ts';

/**
 * The environment for a child process that continues the current span: a copy of `environment` with
 * `TRACEPARENT`, `TRACESTATE`, `BAGGAGE` or what else the propagator writes. What an older context left in those
 * variables is taken out, so that no child joins two traces. Nothing that is given is changed.
 * Source: https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 *
 * @example
 * spawn('convert', [path], { env: carryToChild() });
 */
export function carryToChild(
  environment: EnvironmentVariables = process.env,
  from: Context = context.active(),
): EnvironmentVariables {
  const carried = guard('carrying a context to a child process', () => {
    const copy = withoutTrace(environment);
    propagation.inject(from, copy, environmentSetter);
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

/** Windows knows a variable in any case; a copy of the environment is an object as any other. */
function withoutTrace(environment: EnvironmentVariables): EnvironmentVariables {
  const ours = new Set(propagation.fields().map(environmentName));
  const kept = Object.entries(environment).filter(([name]) => !ours.has(name.toUpperCase()));
  return Object.fromEntries(kept);
}
