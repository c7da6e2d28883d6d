// Calls init() with OpenTelemetry's instrumentation for Express, which replaces Clew's.
import { init } from '@clew/node';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';

init({ instrumentations: [new ExpressInstrumentation()] });
