// The template for message brokers. Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
export {
  contextOfMessage as contextOf,
  setMessageContext as setContext,
} from '../context/message-context.ts';
export { messaging as channels } from '../templates/messaging.ts';
export { createAction } from '../templates/messaging-action.ts';
export { actionsBy, serverAttributes } from '../templates/messaging-actions.ts';
export { messageInjector as injector } from '../templates/messaging-injection.ts';
export { messagingOptions as options } from '../templates/messaging-options.ts';
