// An application that starts Clew itself, without options for plugins.
import { init } from '@clew/node';
import { startServer } from './start-server.mjs';

init();
startServer();
