// An application that starts Clew itself, after its libraries have been evaluated.
import { init } from '@clew/node';
import { startServer } from './start-server.mjs';

const requestHook = (span) => span.setAttribute('hooked', true);
init({ plugins: { http: { requestHook } } });
startServer();
