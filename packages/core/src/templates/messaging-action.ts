import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '../semconv.ts';
import { type SharedAttributes, shareAttributes } from '../shared-attributes.ts';
import { TEMPORARY } from './labeller.ts';

/** What is done with the messages of one destination: made once, used for the span of every message. */
export interface MessagingAction {
  /** The span's name. */
  readonly name: string;
  /** What is known when the span starts. */
  readonly attributes: SharedAttributes;
  /** No span is made of it; the context of the sender still goes along. */
  readonly ignored?: boolean | undefined;
}

/** What an action is made of. */
export interface ActionParts {
  /** `messaging.system`. */
  readonly system: string;
  /** `messaging.action.name`, and the first word of the span's name: `publish`. */
  readonly name: string;
  /** `messaging.action.type`; calls about topology have none. */
  readonly type?: 'create' | 'send' | 'receive' | 'process' | 'settle' | undefined;
  /** `messaging.destination.name`; empty where the action has no destination. */
  readonly destination: string;
  /** The destination as it stands in the span's name, from a `labeller`. */
  readonly label: string;
  /** A span name that does not follow from the others: what an RPC calls. */
  readonly spanName?: string | undefined;
  readonly more?: Attributes;
  readonly ignored?: boolean;
}

/**
 * Makes an action: its span is `publish orders`, as the conventions ask.
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
