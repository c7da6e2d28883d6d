/** The objects of the SDK, as far as the plugin reads them. */

import { aws } from '@clew/core/plugin';

/** The members of an input or output. The application may have passed any value. */
export type Fields = aws.Fields;

export const { isRecord, textOf } = aws;

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

/** A function that gets the input of a command and calls the next one. */
export type Middleware = (next: Next, context: { readonly commandName?: unknown }) => Next;
export type Next = (args: { readonly input: Fields }) => Promise<{ readonly output?: unknown }>;

export interface MiddlewareStack {
  add(middleware: Middleware, options: object): void;
}

export interface Client {
  readonly middlewareStack: MiddlewareStack;
  readonly config: {
    /** `DynamoDB`, `S3`; missing in a client that is not of AWS. */
    readonly serviceId?: unknown;
    readonly region?: unknown;
    readonly requestHandler?: RequestHandler;
    /** A function of the SDK that returns credentials. */
    readonly credentials?: unknown;
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
