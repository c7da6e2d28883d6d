import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { EnvironmentGetter, EnvironmentSetter } from '@opentelemetry/propagator-env-carrier';
import { opentelemetryPeer } from './opentelemetry.mjs';

/** EnvironmentGetter reads the environment of this process. */
const asEnvironment = (variables) => void Object.assign(process.env, variables);

export const { startTrace, continueTrace } = opentelemetryPeer(
  new W3CTraceContextPropagator(),
  new EnvironmentGetter(),
  asEnvironment,
  (variables) => new EnvironmentSetter(variables),
);
