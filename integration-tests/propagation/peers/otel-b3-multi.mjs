import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { startTrace, continueTrace } = opentelemetryPeer(
  new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
);
