import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { startTrace, continueTrace } = opentelemetryPeer(new AWSXRayPropagator());
