import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { type ClientCall, type ClientOptions, client, guard, type Tools } from '@clew/core/plugin';
import { describeCall, errorSummary, failureAttributes, resultAttributes } from './describe-call.ts';
import { patchHandler } from './patch-handler.ts';
import type { Client, Command, SendOptions } from './sdk.ts';

type Callback = (error: unknown, output?: unknown) => void;
type Send = (
  this: Client,
  command: Command,
  optionsOrCallback?: SendOptions | Callback,
  callback?: Callback,
) => unknown;

interface Exports {
  readonly Client?: { readonly prototype: object };
  /** The name under which the packages of services export the class. */
  readonly __Client?: { readonly prototype: object };
}

/** Patches the class of which the clients of all services are derived. */
export function patchClient(moduleExports: unknown, tools: Tools<ClientOptions>): void {
  const { Client: Base, __Client } = moduleExports as Exports;
  const prototype = (Base ?? __Client)?.prototype;
  if (prototype === undefined) return;
  tools.wrap<Send>(
    prototype,
    'send',
    (send) =>
      function (...args) {
        const [command, given, last] = args;
        const call = start(tools, this, command, typeof given === 'function' ? undefined : given);
        if (call === undefined) return send.apply(this, args);
        guard(`${tools.name}: a handler`, () => patchHandler(tools, this.config.requestHandler));
        const describe = (output: unknown) => {
          if (call.recording) call.span.setAttributes(resultAttributes(this, command, output));
        };
        if (typeof given === 'function')
          return call.run(() => send.call(this, command, call.callback(given, describe)));
        if (typeof last === 'function')
          return call.run(() => send.call(this, command, given, call.callback(last, describe)));
        return call.settle(
          call.run(() => send.apply(this, args)),
          (output) => {
            describe(output);
            followStream(call, output);
          },
        );
      },
  );
}

function start(
  tools: Tools<ClientOptions>,
  sender: Client,
  command: Command,
  options: SendOptions | undefined,
): ClientCall | undefined {
  // Clients that are generated for services other than those of AWS have the same class.
  if (typeof sender.config?.serviceId !== 'string' || typeof command !== 'object') return undefined;
  const call: ClientCall | undefined = client.startCall(tools, () => ({
    ...describeCall(sender, command, options),
    recordedError: (error) => {
      if (call?.recording) call.span.setAttributes(failureAttributes(sender, error));
      return client.withoutContent(error, errorSummary(error));
    },
  }));
  return call;
}

/**
 * A result has at most one stream: a body, or an iterable of events. The call ends with it, but for a web stream, whose
 * reader can't be observed.
 */
function followStream(call: ClientCall, output: unknown): void {
  if (typeof output !== 'object' || output === null) return;
  for (const value of Object.values(output) as unknown[]) {
    if (value instanceof Readable) client.traceReadable(call, value);
    else if (isEventStream(value)) client.traceStream(call, value);
    else continue;
    return;
  }
}

function isEventStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || value instanceof ReadableStream) return false;
  return Symbol.asyncIterator in value;
}
