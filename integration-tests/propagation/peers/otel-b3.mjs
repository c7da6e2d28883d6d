import { B3Propagator } from '@opentelemetry/propagator-b3';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { startTrace, continueTrace } = opentelemetryPeer(new B3Propagator());
