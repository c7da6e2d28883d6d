/** The parts of pino's exports that the plugin uses. */
export interface Pino {
  (options: object, stream: { write(line: string): void }): object;
  readonly symbols: { readonly asJsonSym: symbol; readonly endSym: symbol };
}

/** A logger, whose properties have symbols as keys. */
export type Logger = Readonly<Record<symbol, unknown>>;

/** Returns the line of a record, as JSON with a line break. */
export type AsJson = (this: Logger, ...args: unknown[]) => string;

/** Returns the object that all loggers inherit the method from. It is reached through a logger, here a silent one. */
export function prototypeWith(method: symbol, pino: Pino): object {
  let object: object = pino({ level: 'silent' }, { write() {} });
  while (!Object.hasOwn(object, method)) object = Object.getPrototypeOf(object) as object;
  return object;
}
