// A child process or a worker thread: records a span named by its starter.
const { workerData } = require('node:worker_threads');
const { trace } = require('@opentelemetry/api');

const name = workerData ?? process.argv[2];
trace.getTracer('test').startSpan(name).end();
