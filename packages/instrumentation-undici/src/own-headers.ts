import { reportSecondTracer } from '@clew/core/internal';
import type { Tools } from '@clew/core/plugin';
import { propagation } from '@opentelemetry/api';

type AddHeader = (this: unknown, name: string, value: string) => unknown;

let isAdding = false;

/** Adds a header of the propagator to a request. */
export function addOwnHeader(
  request: { addHeader(name: string, value: string): unknown },
  name: string,
  value: string,
): void {
  isAdding = true;
  try {
    request.addHeader(name, value);
  } finally {
    isAdding = false;
  }
}

/**
 * Lets no other tracer add the headers of the propagator to a request. It would listen to the same channel after this
 * plugin, and undici sends both values, which no server reads: a `traceparent` that is there twice is invalid.
 *
 * @param prototype of undici's class of requests
 */
export function keepOwnHeaders(prototype: object, tools: Tools<unknown>): void {
  tools.wrap<AddHeader>(
    prototype,
    'addHeader',
    (addHeader) =>
      function (name, value) {
        if (isAdding || !isOfPropagator(name)) return addHeader.call(this, name, value);
        reportSecondTracer();
        return this;
      },
  );
}

function isOfPropagator(name: unknown): boolean {
  return typeof name === 'string' && propagation.fields().includes(name.toLowerCase());
}
