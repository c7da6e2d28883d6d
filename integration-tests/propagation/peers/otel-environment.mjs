import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { EnvironmentGetter, EnvironmentSetter } from '@opentelemetry/propagator-env-carrier';
import { opentelemetryPeer } from './opentelemetry.mjs';

/** Its getter reads the variables of the process itself. */
const asEnvironment = (variables) => void Object.assign(process.env, variables);

export const { begin, goOn } = opentelemetryPeer(
  new W3CTraceContextPropagator(),
  new EnvironmentGetter(),
  asEnvironment,
  (variables) => new EnvironmentSetter(variables),
);
