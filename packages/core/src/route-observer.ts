import type { Span } from '@opentelemetry/api';

/** The method of a {@link RouteObserver}. */
export const NOTE_ROUTE: unique symbol = Symbol.for('clew.note-route');

/** The span of a server request that is notified of the route. See docs/core-and-tracer.md. */
export interface RouteObserver {
  /** A route with a handler has matched, or is known at the end. May be called several times. Never throws. */
  [NOTE_ROUTE](route: string): void;
}

/** Notifies the span if it is a {@link RouteObserver}; does nothing for other spans. */
export function noteRoute(span: (Span & Partial<RouteObserver>) | undefined, route: string): void {
  span?.[NOTE_ROUTE]?.(route);
}
