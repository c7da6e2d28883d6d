// Starts Datadog's tracer without an agent.
require('dd-trace').init({ startupLogs: false, url: 'http://127.0.0.1:1' });
