// What plugins for loggers share. Source: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/
export { currentLogFields as currentFields, logOptions as options } from '../templates/log-fields.ts';
