import { OTTracePropagator } from '@opentelemetry/propagator-ot-trace';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { startTrace, continueTrace } = opentelemetryPeer(new OTTracePropagator());
