import { rootContext } from '@clew/core';
import { Operation } from '@clew/core/plugin';
import { type Span, trace } from '@opentelemetry/api';
import { ListeningSpan } from './listening-span.ts';

/** Creates an operation whose span is current in its context. */
export const operationOf = (span: object = new ListeningSpan()) => {
  const current = trace.setSpan(rootContext, span as Span);
  return new Operation(span as Span, current);
};

/** Returns how often a span has been ended. */
export const endsOf = (span: ListeningSpan) => span.calls.filter((call) => call === 'end').length;
