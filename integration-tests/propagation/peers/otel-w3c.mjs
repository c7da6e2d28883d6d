import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { startTrace, continueTrace } = opentelemetryPeer(new W3CTraceContextPropagator());
