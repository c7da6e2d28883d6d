import { B3Propagator } from '@opentelemetry/propagator-b3';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { begin, goOn } = opentelemetryPeer(new B3Propagator());
