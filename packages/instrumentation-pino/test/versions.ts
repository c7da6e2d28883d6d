import type { LogAdapter } from '@clew/testing';
import type pino from 'pino';
import { PinoInstrumentation } from '../src/index.ts';

/** The oldest and the newest supported version. The names and options that the tests use are the same. */
export const VERSIONS = { 'pino 6': 'pino-6', 'pino 10': 'pino' } as const;

export function load(name: string): typeof pino {
  return require(name);
}

/** Patches a copy of the library without module hooks. */
export function instrument(name: string, options: object = {}) {
  const instance = new PinoInstrumentation(options);
  instance.instrument(load(name));
  return instance;
}

export function adapterOf(title: string, name: string): LogAdapter {
  const library = load(name);
  return {
    name: title,
    instrument: (options) => instrument(name, options),
    functions: () => [Reflect.get(library({ level: 'silent' }), library.symbols.asJsonSym)],
    open(write) {
      const logger = library({}, { write });
      return {
        log: (message, fields) => logger.info(fields, message),
        logAsChild: (bindings, message, fields) => logger.child(bindings).info(fields, message),
      };
    },
  };
}
