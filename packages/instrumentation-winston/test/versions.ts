import { Writable } from 'node:stream';
import type { LogAdapter } from '@clew/testing';
import type winston from 'winston';
import { WinstonInstrumentation } from '../src/index.ts';

/** The oldest and the newest supported version. The names and options that the tests use are the same. */
export const VERSIONS = { 'winston 3.0': 'winston-3.0', 'winston 3.19': 'winston' } as const;

export function load(name: string): typeof winston {
  return require(name);
}

/** Patches a copy of the library without module hooks. */
export function instrument(name: string, options: object = {}) {
  const instance = new WinstonInstrumentation(options);
  instance.instrument(load(name));
  return instance;
}

/** Creates a logger that calls `write` with each line. */
export function loggerWriting(
  name: string,
  write: (line: string) => void,
  options: winston.LoggerOptions = {},
): winston.Logger {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      write(String(chunk));
      done();
    },
  });
  const library = load(name);
  return library.createLogger({ transports: [new library.transports.Stream({ stream })], ...options });
}

export function adapterOf(title: string, name: string): LogAdapter {
  const hasChildren = 'child' in load(name).createLogger({ silent: true });
  return {
    name: title,
    ...(!hasChildren && { noChildren: 'this version has no child loggers' }),
    instrument: (options) => instrument(name, options),
    functions: () => [load(name).createLogger({ silent: true }).write],
    open(write) {
      const logger = loggerWriting(name, write);
      return {
        log: (message, fields) => logger.info(message, fields),
        logAsChild: (bindings, message, fields) => logger.child(bindings).info(message, fields),
      };
    },
  };
}
