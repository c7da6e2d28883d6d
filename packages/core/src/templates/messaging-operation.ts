import type { Attributes } from '@opentelemetry/api';
import { remembered } from '../kit/remembered.ts';
import { ATTR } from '../semconv.ts';

/** What is done with the messages of one destination: made once, used for the span of every message. */
export interface Operation {
  /** The span's name. */
  readonly name: string;
  /** What is known when the span starts; never changed. */
  readonly attributes: Attributes;
}

/** What an operation is made of. */
export interface OperationParts {
  /** `messaging.system`. */
  readonly system: string;
  /** `messaging.operation.name`, and the first word of the span's name: `publish`. */
  readonly name: string;
  /** `messaging.operation.type`; calls about topology have none. */
  readonly type?: 'create' | 'send' | 'receive' | 'process' | 'settle' | undefined;
  /** `messaging.destination.name`; empty where the operation has no destination. */
  readonly destination: string;
  /** The destination as it stands in the span's name, from a `labeller`. */
  readonly label: string;
  /** A span name that does not follow from the others: what an RPC calls. */
  readonly spanName?: string | undefined;
  readonly more?: Attributes;
}

/**
 * Makes an operation: its span is `publish orders`, as the conventions ask.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function createOperation(parts: OperationParts): Operation {
  const { system, name, type, destination, label, spanName, more } = parts;
  const attributes: Attributes = {
    [ATTR.messagingSystem]: system,
    [ATTR.messagingOperationName]: name,
    ...(type && { [ATTR.messagingOperationType]: type }),
    ...(destination !== '' && { [ATTR.messagingDestinationName]: destination }),
    ...(label !== destination && { [ATTR.messagingDestinationTemporary]: true }),
    ...more,
  };
  // Frozen: what many spans have in common is encoded once.
  return {
    name: spanName ?? (label === '' ? name : `${name} ${label}`),
    attributes: Object.freeze(attributes),
  };
}

const UUID_LIKE = '(?<![0-9a-f])[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}(?![0-9a-f])';

/**
 * Makes a function that takes names made up at run time out of span names, where they would be endlessly many:
 * `user.0b7c3c5e-….login` is `user.(temporary).login`. UUIDs always count; `pattern` adds a broker's own.
 */
export function labeller(pattern?: RegExp): (name: string) => string {
  const temporary = new RegExp(pattern ? `${pattern.source}|${UUID_LIKE}` : UUID_LIKE, 'gi');
  return remembered((name: string) => name.replace(temporary, '(temporary)'));
}
