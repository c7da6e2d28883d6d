import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { opentelemetryPeer } from './opentelemetry.mjs';

export const { begin, goOn } = opentelemetryPeer(new AWSXRayPropagator());
