// A plugin is a list of targets (what to patch) and a view of the library (where its calls, signals and streams are).
// Span names, attributes, context, errors and the end of the span belong to the template, here `client`.
// See "Plugins for SDK clients" in the documentation of Clew.
import { client, defineInstrumentation, remembered } from '@clew/core/plugin';

// The options of every plugin for an SDK. Add your own here, such as `pages: option.boolean(true)`, and into README.md.
const options = { ...client.options };

export const __Name__Instrumentation = defineInstrumentation({
  name: 'clew-instrumentation-__name__',
  version: '0.1.0',
  options,
  // Replace: the versions that you test. "clew" in package.json must list the same targets.
  targets: [{ module: '__library__', versions: ['>=1 <2'], patch }],
});

const operationOf = remembered((method) => client.operation({ service: '__library__', method }));

/** Patches the library when it is loaded. Replace `Client`, `Queue` and their methods with those of the library. */
function patch({ Client, Queue }, tools) {
  // The function that all calls go through. `call` describes a call from its arguments.
  client.traceMethod(tools, Client.prototype, 'send', {
    call: (method, options) => ({ operation: operationOf(method), signal: options?.signal }),
    // How a result is read if it is a stream: then the span ends with it.
    stream: (result) => ('controller' in result ? { signal: result.controller.signal } : undefined),
  });
  // The function that sends a request again.
  client.traceRetries(tools, Client.prototype, 'retry');
  // The function that puts a job into a queue. Without this, a job runs in the context of another call.
  client.bindJobs(tools, Queue.prototype, 'add');
}
