import { AsyncContextManager, StackContextManager } from '@clew/core';
import type { ContextManager } from '@opentelemetry/api';
import { expect } from './configuration.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';

const CARRIERS = { async: AsyncContextManager, stack: StackContextManager } as const;

/** The context carrier of the option, or of `CLEW_CONTEXT`. */
export function contextManagerFrom(environment: Environment, options: InitOptions): ContextManager {
  const chosen = options.context ?? environment.oneOf(['async', 'stack'], 'CLEW_CONTEXT') ?? 'async';
  if (typeof chosen === 'object') {
    const fits = typeof chosen?.active === 'function' && typeof chosen.with === 'function';
    expect(fits, 'context', '"async" | "stack" | a ContextManager', chosen);
    return chosen;
  }
  expect(chosen === 'async' || chosen === 'stack', 'context', '"async" | "stack" | a ContextManager', chosen);
  return new CARRIERS[chosen]();
}
