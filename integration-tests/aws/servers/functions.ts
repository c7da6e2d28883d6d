import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';

/** What a function gets as its second argument. */
export interface FunctionContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly clientContext?: unknown;
  getRemainingTimeInMillis(): number;
}

/** A function: it returns a promise, or calls the callback. */
export type FunctionHandler = (
  event: never,
  context: FunctionContext,
  callback: (error: unknown, result?: unknown) => void,
) => unknown;

/** The response of an invocation. */
export interface Invocation {
  readonly status: number;
  readonly error?: 'Unhandled';
  readonly payload: string;
}

/** Lambda. Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export class Functions {
  readonly #handlers = new Map<string, FunctionHandler>();
  readonly #running = new Set<Promise<unknown>>();

  define(name: string, handler: FunctionHandler): string {
    this.#handlers.set(name, handler);
    return arnOf(name);
  }

  /** Invokes a function, and waits for it unless the type is `Event`. */
  async invoke(
    reference: string,
    type: string,
    payload: string,
    clientContext?: string,
  ): Promise<Invocation> {
    const name = reference.split(':').at(-1)!;
    const handler = this.#handlers.get(name);
    if (handler === undefined)
      throw new AwsError('ResourceNotFoundException', `Function not found: ${arnOf(name)}`, 404);
    if (type === 'DryRun') return { status: 204, payload: '' };
    const event = payload === '' ? {} : JSON.parse(payload);
    const context = contextOf(name, clientContext);
    const running = run(handler, event, context);
    if (type !== 'Event') return running;
    const kept = running.finally(() => this.#running.delete(kept));
    this.#running.add(kept);
    return { status: 202, payload: '' };
  }

  /** Waits for the functions that run without a caller. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}

async function run(handler: FunctionHandler, event: unknown, context: FunctionContext): Promise<Invocation> {
  try {
    const result = await new Promise((resolve, reject) => {
      const returned = handler(event as never, context, (error, value) =>
        error ? reject(error) : resolve(value),
      );
      // The runtime waits for the callback of a function that returns no promise.
      if (returned instanceof Promise) returned.then(resolve, reject);
    });
    return { status: 200, payload: JSON.stringify(result ?? null) };
  } catch (error) {
    const { name: errorType, message: errorMessage } = error as Error;
    return {
      status: 200,
      error: 'Unhandled',
      payload: JSON.stringify({ errorType, errorMessage, trace: [] }),
    };
  }
}

const REMAINING_MS = 3000;

function contextOf(name: string, clientContext: string | undefined): FunctionContext {
  const startedAtMs = Date.now();
  return {
    awsRequestId: randomUUID(),
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arnOf(name),
    getRemainingTimeInMillis: () => REMAINING_MS - (Date.now() - startedAtMs),
    ...(clientContext !== undefined && {
      clientContext: JSON.parse(Buffer.from(clientContext, 'base64').toString()),
    }),
  };
}

function arnOf(name: string): string {
  return `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
}
