import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { begin, goOn } = opentelemetryPeer(new W3CTraceContextPropagator());
