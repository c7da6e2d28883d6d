import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '../semconv.ts';
import { type SharedAttributes, shareAttributes } from '../shared-attributes.ts';
import { TEMPORARY } from './labeller.ts';

/** An action on the messages of one destination. Created once and used for the span of every message. */
export interface MessagingAction {
  /** The span's name. */
  readonly name: string;
  /** The attributes that are known when the span starts. */
  readonly attributes: SharedAttributes;
  /** Whether the action has no span. The context of the sender is still injected. */
  readonly ignored?: boolean | undefined;
}

/** The parts of an action. */
export interface ActionParts {
  /** `messaging.system`. */
  readonly system: string;
  /** `messaging.action.name`, and the first word of the span's name: `publish`. */
  readonly name: string;
  /** `messaging.action.type`; missing for calls about topology. */
  readonly type?: 'create' | 'send' | 'receive' | 'process' | 'settle' | undefined;
  /** `messaging.destination.name`; empty if the action has no destination. */
  readonly destination: string;
  /** The destination as it appears in the span's name. */
  readonly label: string;
  /** A span name to use instead of action and destination, such as an RPC method. */
  readonly spanName?: string | undefined;
  readonly more?: Attributes;
  readonly ignored?: boolean;
}

/**
 * Creates an action. The name of its span is `publish orders`, as the conventions require.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function createAction(parts: ActionParts): MessagingAction {
  const { system, name, type, destination, label, spanName, more, ignored } = parts;
  const attributes: Attributes = {
    [ATTR.messagingSystem]: system,
    [ATTR.messagingOperationName]: name,
    ...(type && { [ATTR.messagingOperationType]: type }),
    ...(destination !== '' && { [ATTR.messagingDestinationName]: destination }),
    ...(label !== destination &&
      (label.includes(TEMPORARY)
        ? { [ATTR.messagingDestinationTemporary]: true }
        : { [ATTR.messagingDestinationTemplate]: label })),
    ...more,
  };
  return {
    name: spanName ?? (label === '' ? name : `${name} ${label}`),
    attributes: shareAttributes(attributes),
    ignored,
  };
}
