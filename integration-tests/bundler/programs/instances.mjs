// An application that starts Clew with its own instance of a plugin.
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { init } from '@clew/node';
import { startServer } from './start-server.mjs';

const requestHook = (span) => span.setAttribute('hooked', true);
init({ instrumentations: [new HttpInstrumentation({ requestHook })] });
startServer();
