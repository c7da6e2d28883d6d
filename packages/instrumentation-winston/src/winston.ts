/** The part of winston's exports that the plugin uses. Old versions do not export the class `Logger`. */
export interface Winston {
  createLogger(options: { readonly silent: boolean }): Logger;
}

/** A logger, which is a stream of records. */
export interface Logger {
  readonly silent?: boolean;
}

/** Passes a record to the formats and transports of the logger. */
export type Write = (this: Logger, ...args: unknown[]) => unknown;

/** Returns the prototype of the class `Logger`. It is reached through a logger, here a silent one. */
export function loggerPrototype({ createLogger }: Winston): object {
  let object: object = createLogger({ silent: true });
  while (!Object.hasOwn(object, '_transform')) object = Object.getPrototypeOf(object) as object;
  return object;
}
