import { OTTracePropagator } from '@opentelemetry/propagator-ot-trace';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { begin, goOn } = opentelemetryPeer(new OTTracePropagator());
