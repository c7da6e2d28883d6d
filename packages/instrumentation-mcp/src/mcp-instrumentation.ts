import { defineInstrumentation } from '@clew/core/plugin';
import { Incoming } from './incoming.ts';
import { type McpTools, options } from './options.ts';
import { Outgoing } from './outgoing.ts';
import {
  type Handler,
  isMessage,
  isTracedNotification,
  type JsonRpcResponse,
  type Message,
  type MessageExtra,
  type Protocol,
  type RequestOptions,
} from './protocol.ts';

declare const __VERSION__: string;

const SDK = { module: '@modelcontextprotocol/sdk', versions: ['>=1.10 <2'], patch };
const SPLIT = { versions: ['>=2 <3'], patch };

/** Traces the Model Context Protocol: requests and notifications of clients and servers. */
export const McpInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-mcp',
  version: __VERSION__,
  options,
  targets: [
    { ...SDK, file: 'dist/cjs/shared/protocol.js' },
    { ...SDK, file: 'dist/esm/shared/protocol.js' },
    { ...SPLIT, module: '@modelcontextprotocol/client' },
    { ...SPLIT, module: '@modelcontextprotocol/server' },
  ],
});

export type McpInstrumentation = InstanceType<typeof McpInstrumentation>;

/** In both versions, clients and servers inherit from one class. */
function patch(moduleExports: unknown, tools: McpTools): void {
  const { Protocol } = moduleExports as { readonly Protocol?: { readonly prototype: object } };
  if (Protocol === undefined) return;
  patchSending(Protocol.prototype, tools);
  patchReceiving(Protocol.prototype, tools);
}

/** In 2.x, all requests and notifications go through methods whose first argument is the version of the protocol. */
function patchSending(prototype: object, tools: McpTools): void {
  const outgoing = new Outgoing(tools);
  const isSplit = '_requestWithSchemaViaCodec' in prototype;
  const at = isSplit ? 1 : 0;
  tools.wrap<Handler>(prototype, isSplit ? '_requestWithSchemaViaCodec' : 'request', (send) => {
    return function (...args) {
      const [message, requestOptions] = [args[at], args[at + 2] as RequestOptions | undefined];
      if (!isMessage(message)) return send.apply(this, args);
      return outgoing.request(this as Protocol, message, requestOptions, (traced) =>
        send.apply(this, args.with(at, traced)),
      );
    };
  });
  tools.wrap<Handler>(prototype, isSplit ? '_notificationViaCodec' : 'notification', (send) => {
    return function (...args) {
      const notification = args[at];
      if (!isMessage(notification) || !isTracedNotification(notification)) return send.apply(this, args);
      return outgoing.notify(this as Protocol, notification, (traced) =>
        send.apply(this, args.with(at, traced)),
      );
    };
  });
  tools.wrap<Handler>(prototype, '_onresponse', (receive) => {
    return function (...args) {
      return outgoing.respond(this as Protocol, args[0] as JsonRpcResponse, () => receive.apply(this, args));
    };
  });
  tools.wrap<Handler>(prototype, '_onprogress', (receive) => {
    return function (...args) {
      return outgoing.progress(this as Protocol, args[0] as Message, () => receive.apply(this, args));
    };
  });
}

function patchReceiving(prototype: object, tools: McpTools): void {
  const incoming = new Incoming(tools);
  tools.wrap<Handler>(prototype, '_onrequest', (receive) => {
    return function (...args) {
      const [request, extra] = args as [Message, MessageExtra | undefined];
      return incoming.request(this as Protocol, request, extra, () => receive.apply(this, args));
    };
  });
  tools.wrap<Handler>(prototype, '_onnotification', (receive) => {
    return function (...args) {
      const [notification, extra] = args as [Message, MessageExtra | undefined];
      if (!isTracedNotification(notification)) return receive.apply(this, args);
      return incoming.notification(this as Protocol, notification, extra, () => receive.apply(this, args));
    };
  });
}
