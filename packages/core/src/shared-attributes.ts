import type { Attributes } from '@opentelemetry/api';

/** Marks an object as shared: the same symbol in all copies of this package. */
const SHARED = Symbol.for('clew.shared-attributes');

/**
 * Attributes with which many spans are started, made by {@link shareAttributes}. Clew's tracer encodes them once.
 * See docs/core-and-tracer.md.
 */
export type SharedAttributes = Readonly<Attributes> & { readonly [SHARED]: true };

/**
 * Freezes attributes and marks them as shared, so that Clew's tracer encodes them once for all spans that are started
 * with this object. Create them once for each statement, route or destination, not for each span.
 */
export function shareAttributes(attributes: Attributes): SharedAttributes {
  if (!isShared(attributes)) {
    // Not enumerable: other tracers do not see it.
    Object.defineProperty(attributes, SHARED, { value: true });
    Object.freeze(attributes);
  }
  return attributes as SharedAttributes;
}

/** Whether `shareAttributes` has returned this object. Throws what a proxy throws. */
export function isShared(attributes: Readonly<Attributes>): attributes is SharedAttributes {
  // Asked for each span with attributes of its own: an object that is not frozen is ruled out at the lowest cost.
  return Object.isFrozen(attributes) && Object.hasOwn(attributes, SHARED);
}
