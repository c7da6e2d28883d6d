import { ATTR, type ClientCall, type ClientOptions, client, guard, type Tools } from '@clew/core/plugin';
import type { HttpRequest, RequestHandler } from './sdk.ts';

type Handle = (this: RequestHandler, request: HttpRequest, ...more: unknown[]) => unknown;

/** The calls that have sent a request. */
const sent = new WeakSet<ClientCall>();

/**
 * Patches the class of the handler that sends the requests of a client, which may be one of the application: each
 * request of a call is an attempt.
 */
export function patchHandler(tools: Tools<ClientOptions>, handler: RequestHandler | undefined): void {
  let owner: object | null = handler ?? null;
  while (owner !== null && !Object.hasOwn(owner, 'handle'))
    owner = Object.getPrototypeOf(owner) as object | null;
  if (owner === null) return;
  const found = owner;
  tools.once(found, () =>
    tools.wrap<Handle>(
      found,
      'handle',
      (handle) =>
        function (request, ...more) {
          const call = client.callOf();
          if (call !== undefined) guard(`${tools.name}: a request`, () => attempt(call, request));
          return handle.call(this, request, ...more);
        },
    ),
  );
}

function attempt(call: ClientCall, { hostname, port, protocol }: HttpRequest): void {
  if (sent.has(call)) {
    call.retry();
    return;
  }
  sent.add(call);
  if (!call.recording || typeof hostname !== 'string') return;
  call.span.setAttributes({
    [ATTR.serverAddress]: hostname,
    [ATTR.serverPort]: typeof port === 'number' ? port : protocol === 'http:' ? 80 : 443,
  });
}
