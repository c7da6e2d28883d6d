/** The objects of the SDK, as far as the plugin reads them. */

/** The members of an input or output. The application may have passed any value. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Command {
  readonly input: Fields;
  /** From 3.900 on: kind, namespace, name and more. */
  readonly schema?: unknown;
}

export interface RequestHandler {
  handle(request: HttpRequest, options?: unknown): unknown;
}

export interface HttpRequest {
  readonly hostname?: unknown;
  readonly port?: unknown;
  readonly protocol?: unknown;
}

export interface Client {
  readonly config: {
    /** `DynamoDB`, `S3`; missing in a client that is not of AWS. */
    readonly serviceId?: unknown;
    readonly region?: unknown;
    readonly requestHandler?: RequestHandler;
  };
}

export interface SendOptions {
  readonly abortSignal?: unknown;
}

/** What every output and every error of a service has. */
export interface Metadata {
  readonly httpStatusCode?: unknown;
  readonly requestId?: unknown;
  readonly extendedRequestId?: unknown;
}

/** The name of a command: `GetItem`. A bundler may have shortened the name of its class. */
export function methodOf(command: Command): string {
  const { schema } = command;
  const name: unknown = Array.isArray(schema) ? schema[2] : undefined;
  return typeof name === 'string' ? name : command.constructor.name.replace(/Command$/, '');
}

/** A text of an input or output; `undefined` for any other value. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The attributes whose values are known. */
export function known(attributes: Fields): Record<string, string | number | boolean | string[]> {
  const result: Record<string, string | number | boolean | string[]> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (isAttribute(value)) result[key] = value;
  }
  return result;
}

function isAttribute(value: unknown): value is string | number | boolean | string[] {
  if (Array.isArray(value)) return value.length > 0 && value.every((each) => typeof each === 'string');
  return ['string', 'number', 'boolean'].includes(typeof value) && value !== '';
}
