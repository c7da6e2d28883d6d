// A preload with init() and an instrumentation of OpenTelemetry's in the place of ours.
import { init } from '@clew/node';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';

init({ instrumentations: [new ExpressInstrumentation()] });
