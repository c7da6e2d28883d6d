import type { Tools } from '@clew/core/plugin';
import { trace } from '@opentelemetry/api';

/** The tools of a plugin that patches nothing. The suites call core's templates with them. */
export function suiteTools<Options>(options: Options): Tools<Options> {
  return {
    name: '@clew/testing',
    options,
    tracer: trace.getTracer('@clew/testing'),
    meter: undefined,
    wrap: () => {},
    subscribe: () => {},
    once: (_object, patch) => patch(),
    traceChannel: () => {},
    onDisable: () => {},
    callHook: (hook, ...args) => hook?.(...args),
  };
}
