import { AsyncContextManager, StackContextManager, StrictContextManager } from '@clew/core';
import type { Context, ContextManager } from '@opentelemetry/api';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { expect } from './option-checks.ts';

const CARRIERS = { async: AsyncContextManager, stack: StackContextManager } as const;

/**
 * Returns the context manager from the option, or from `CLEW_CONTEXT`. `base` is the root context, with what a
 * parent process propagated. Strict mode (`strictContext`, `CLEW_CONTEXT_STRICT`) adds checks for development.
 */
export function contextManagerFrom(
  environment: Environment,
  options: InitOptions,
  base: Context,
): ContextManager {
  const strict = options.strictContext ?? environment.flag('CLEW_CONTEXT_STRICT') ?? false;
  expect(typeof strict === 'boolean', 'strictContext', 'true or false', strict);
  const manager = carrierFrom(environment, options, base);
  return strict ? new StrictContextManager(manager) : manager;
}

function carrierFrom(environment: Environment, options: InitOptions, base: Context): ContextManager {
  const chosen = options.context ?? environment.oneOf(['async', 'stack'], 'CLEW_CONTEXT') ?? 'async';
  if (typeof chosen === 'object') {
    const fits = typeof chosen?.active === 'function' && typeof chosen.with === 'function';
    expect(fits, 'context', '"async" | "stack" | a ContextManager', chosen);
    return chosen;
  }
  expect(chosen === 'async' || chosen === 'stack', 'context', '"async" | "stack" | a ContextManager', chosen);
  return new CARRIERS[chosen](base);
}
