import { URL } from 'node:url';
import { type AnyFunction, currentContext, guard, messaging, originals, urlServer } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import type { Channels } from './channel-state.ts';
import { observeCall } from './observe-call.ts';
import { patchChannel } from './patch-channel.ts';

type Connect = (this: unknown, ...args: unknown[]) => unknown;
type FreshChannel = (this: object, channel: object, options: unknown) => unknown;

/** Records connections that fail. A connection leads to the classes of its channels. */
export function patchConnect(api: object, channels: Channels): void {
  channels.tools.wrap<Connect>(
    api,
    'connect',
    (connect) =>
      function (...args) {
        const caller = currentContext();
        const startTimeMs = originals.monotonicNow();
        return observeCall(connect as AnyFunction, this, args, {
          activity: `${channels.tools.name}: connecting`,
          onResult: (model) => patchModel(model as Model, channels),
          onError(error) {
            const action = channels.actions().failed(brokerOf(args[0]), 'connect', '');
            channels.newMessages().fail(action, error as Error, caller, startTimeMs);
          },
        });
      },
  );
}

/** What `connect` brings. A model that reconnects by itself contains the model of the current connection. */
interface Model {
  readonly connection?: object;
  readonly _core?: { readonly _model?: Model };
}

function patchModel({ connection, _core }: Model, channels: Channels): void {
  const current = connection ?? _core?._model?.connection;
  if (current === undefined) return;
  channels.tools.wrap<FreshChannel>(
    Object.getPrototypeOf(current) as object,
    'freshChannel',
    (freshChannel) =>
      function (channel, options) {
        guard(`${channels.tools.name}: a channel`, () =>
          patchChannel(Object.getPrototypeOf(channel) as object, channels),
        );
        return freshChannel.call(this, channel, options);
      },
  );
}

/** Host and port, never user and password. Nothing if the URL is invalid: amqplib's own error shows it. */
function brokerOf(url: unknown): Attributes {
  if (typeof url === 'string' && !URL.canParse(url)) return {};
  const { hostname, port, protocol } = typeof url === 'string' ? new URL(url) : ((url || {}) as Partial<URL>);
  const server = urlServer({ hostname: hostname || 'localhost', port: String(port ?? '') });
  const defaultPort = /^amqps/.test(protocol ?? '') ? 5671 : 5672;
  return messaging.serverAttributes(server.address, server.port ?? defaultPort);
}
