import { http, type Tools } from '@clew/core/plugin';
import { propagation } from '@opentelemetry/api';

type AddHeader = (this: unknown, name: string, value: string) => unknown;

let isAdding = false;

/** Adds a propagation header to a request. */
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
 * Prevents other tracers from adding propagation headers to a request. They subscribe to the same channel after
 * this plugin, and undici would send both values: a duplicate `traceparent` is invalid.
 *
 * @param prototype the prototype of undici's request class
 */
export function keepOwnHeaders(prototype: object, tools: Tools<unknown>): void {
  tools.wrap<AddHeader>(
    prototype,
    'addHeader',
    (addHeader) =>
      function (name, value) {
        if (isAdding || !isPropagationHeader(name)) return addHeader.call(this, name, value);
        http.reportSecondTracer();
        return this;
      },
  );
}

function isPropagationHeader(name: unknown): boolean {
  return typeof name === 'string' && propagation.fields().includes(name.toLowerCase());
}
